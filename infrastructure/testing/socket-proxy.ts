/** The real HAProxy with our rules in front of an engine, for tests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { testPort } from './port.ts';
import { DockerEngine } from '../docker/docker-engine.ts';

const RULES = join(import.meta.dirname, '../docker/socket-proxy/haproxy.cfg');
const ANSWERS_WITHIN_MS = 20_000;

export interface TestSocketProxy {
  /** as in DOCKER_HOST */
  readonly host: string;
  stop(): Promise<void>;
}

/** @param host the engine's, on a unix socket. @param port default: a free one */
export async function startSocketProxy(host: string, port?: number): Promise<TestSocketProxy> {
  const listen = `127.0.0.1:${port ?? (await testPort())}`;
  const child = spawn('haproxy', ['-db', '-f', RULES], {
    env: {
      PATH: '/usr/local/sbin:/usr/sbin:/usr/bin:/bin',
      SOCKET_PROXY_LISTEN: listen,
      DOCKER_SOCKET: new URL(host).pathname,
    },
    stdio: 'ignore',
  });
  const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
  failed.catch(() => {});
  const engine = new DockerEngine(`tcp://${listen}`);
  for (const deadline = performance.now() + ANSWERS_WITHIN_MS; ;) {
    const answers = engine.requireAnswer().then(
      () => true,
      () => false,
    );
    if (await Promise.race([answers, failed])) break;
    if (performance.now() > deadline || child.exitCode !== null) throw new Error('HAProxy does not answer');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    host: engine.host,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
