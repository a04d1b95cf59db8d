/** A real Caddy with the server's own file in front of real services, and a client that trusts its internal CA. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request, type Agent, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CADDY } from '../../infrastructure/process/system-programs.ts';
import { testPort } from '../../infrastructure/testing/port.ts';

export const CADDYFILE = join(import.meta.dirname, '..', '..', 'infrastructure', 'caddy', 'Caddyfile');
const READY_WITHIN_MS = 30_000;

export interface Asked {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** several chunks are sent as a stream without a length */
  readonly body?: string | readonly (string | Buffer)[];
  /** default: the platform's */
  readonly host?: string;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

export async function caddyBinary(): Promise<string> {
  const found = await CADDY.find(process.env['PATH'] ?? '');
  if (found === undefined) throw new Error('Caddy is not installed; "npm test" installs it');
  return found;
}

export class CaddyUnderTest {
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly #folder: string;
  readonly #child: ChildProcess;
  output = '';
  /** of the answers so far */
  readonly requestIds: string[] = [];
  #authority = '';

  private constructor(folder: string, ports: readonly [number, number], child: ChildProcess) {
    [this.httpPort, this.httpsPort] = ports;
    this.#folder = folder;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => (this.output += text.toString()));
    }
  }

  /** @param variables of the file, but for its own ports */
  static async start(variables: Readonly<Record<string, string>>, file = CADDYFILE): Promise<CaddyUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), 'launchdb-caddy-'));
    const ports = [await testPort(), await testPort()] as const;
    const child = spawn(await caddyBinary(), ['run', '--config', file, '--adapter', 'caddyfile'], {
      env: {
        HOME: folder,
        XDG_DATA_HOME: folder,
        XDG_CONFIG_HOME: folder,
        HTTP_PORT: String(ports[0]),
        HTTPS_PORT: String(ports[1]),
        PUBLIC_HOST: 'localhost',
        PUBLIC_TLS: 'internal',
        ...variables,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const caddy = new CaddyUnderTest(folder, ports, child);
    await caddy.#ready();
    return caddy;
  }

  /** The certificate of its internal CA. */
  get authority(): string {
    return this.#authority;
  }

  /** The path goes out as it is: nothing is normalised on the way. */
  async ask(path: string, question: Question = {}): Promise<Asked> {
    const { method = 'GET', host = 'localhost', headers, body, agent, signal } = question;
    const options: RequestOptions = {
      host: '127.0.0.1',
      port: this.httpsPort,
      servername: host,
      ca: this.#authority,
      method,
      path,
      headers: { host: `${host}:${this.httpsPort}`, ...headers },
      agent: agent ?? false,
      ...(signal && { signal }),
    };
    const asked = request(options);
    const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
    // an early answer may end the connection while the body is still on its way
    asked.on('error', () => {});
    if (typeof body === 'string') asked.end(body);
    else {
      for (const chunk of body ?? []) asked.write(chunk);
      asked.end();
    }
    const [answer] = await answered;
    this.requestIds.push(String(answer.headers['x-request-id']));
    let text = '';
    for await (const chunk of answer.setEncoding('utf8')) text += chunk as string;
    return { status: answer.statusCode ?? 0, headers: answer.headers, text };
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    const certificate = join(this.#folder, 'caddy', 'pki', 'authorities', 'local', 'root.crt');
    for (;;) {
      try {
        this.#authority = await readFile(certificate, 'utf8');
        await this.ask('/health');
        return;
      } catch (error) {
        if (this.#child.exitCode !== null) throw new Error(`Caddy ended:\n${this.output}`, { cause: error });
        if (performance.now() > deadline) {
          await this.stop();
          throw new Error(`Caddy does not get ready:\n${this.output}`, { cause: error });
        }
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }
  }
}
