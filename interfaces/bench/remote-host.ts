/** A host in a process of another commit's code: `host-main.ts`, told what to do by messages. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Host, Prepared } from './host.ts';
import type { HostOptions } from './local-host.ts';
import type { Measures } from './section.ts';

export interface Order {
  readonly method: keyof Host;
  readonly args: readonly string[];
}

export interface Reply {
  readonly result?: unknown;
  readonly error?: string;
}

export class RemoteHost implements Host {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param root of the other commit's checkout */
  static start(root: string, options: HostOptions): RemoteHost {
    const entry = join(root, 'interfaces', 'bench', 'host-main.ts');
    return new RemoteHost(
      fork(entry, [JSON.stringify(options)], {
        cwd: root,
        serialization: 'advanced',
        stdio: ['ignore', 2, 2, 'ipc'],
      }),
    );
  }

  prepare(section: string, group: string): Promise<Prepared> {
    return this.#ask('prepare', section, group) as Promise<Prepared>;
  }

  run(way: string): Promise<Measures> {
    return this.#ask('run', way) as Promise<Measures>;
  }

  async leaveGroup(): Promise<void> {
    await this.#ask('leaveGroup');
  }

  async leaveSection(): Promise<void> {
    await this.#ask('leaveSection');
  }

  async close(): Promise<void> {
    if (!this.#child.connected) return;
    const ended = once(this.#child, 'exit');
    await this.#ask('close');
    this.#child.disconnect();
    await ended;
  }

  /** One at a time. */
  async #ask(method: Order['method'], ...args: readonly string[]): Promise<unknown> {
    const over = new AbortController();
    const { signal } = over;
    const ended = once(this.#child, 'exit', { signal }).then(() => {
      throw new Error("the other commit's bench ended");
    });
    const replied = once(this.#child, 'message', { signal });
    this.#child.send({ method, args } satisfies Order);
    try {
      const [{ result, error }] = (await Promise.race([replied, ended])) as [Reply];
      if (error !== undefined) throw new Error(`of the other commit: ${error}`);
      return result;
    } finally {
      // whichever did not come
      for (const one of [ended, replied]) one.catch(() => {});
      over.abort();
    }
  }
}
