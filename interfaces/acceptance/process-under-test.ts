/** One process of the platform, with what it said. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { NODE_FLAGS } from './node-flags.ts';

const root = join(import.meta.dirname, '..', '..');
const READY_WITHIN_MS = 240_000;
const ENDED_WITHIN_MS = 120_000;

export class ProcessUnderTest {
  readonly #child: ChildProcess;
  #output = '';

  /** @param entry of the repository; @param heard is told what it says */
  constructor(entry: string, environment: Readonly<Record<string, string>>, heard: (text: string) => void) {
    const child = spawn(process.execPath, [...NODE_FLAGS, entry], {
      cwd: root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    const hear = (text: Buffer) => {
      this.#output += text.toString();
      heard(text.toString());
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * Until it says that it is ready.
   * @throws it ended before, or takes too long
   */
  async ready(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!this.#output.includes('is ready after')) {
      if (!this.running) throw new Error(`the platform did not start:\n${this.#output}`);
      if (performance.now() > deadline)
        throw new Error(`the platform does not get ready:\n${this.#output.slice(-5_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Tells `crashing-main.ts` something; resolves when it has understood. */
  async tell(message: string): Promise<void> {
    const understood = once(this.#child, 'message', { signal: AbortSignal.timeout(READY_WITHIN_MS) });
    this.#child.send(message);
    await understood;
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    this.#child.kill(name);
  }

  /** @throws it does not end within a minute */
  async ended(): Promise<void> {
    if (!this.running) return;
    await once(this.#child, 'exit', { signal: AbortSignal.timeout(ENDED_WITHIN_MS) });
  }
}
