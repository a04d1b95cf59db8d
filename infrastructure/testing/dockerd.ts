/** A Docker engine for tests, apart from any other: its files, its socket and its containers end with it. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess } from '../process/process-table.ts';
import { DockerEngine } from '../docker/docker-engine.ts';

export interface TestDockerd {
  /** as in DOCKER_HOST */
  readonly host: string;
  /** as after a reboot: containers come back as their restart policies say */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const ANSWERS_WITHIN_MS = 60_000;
const ENDING = [
  { signal: 'SIGTERM', waitMs: 30_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const;

/**
 * Needs root and the program dockerd.
 * @param options `filters`: whether it sets up packet filters and the usual bridge; one engine of a machine can do so
 */
export async function startDockerd({ filters }: { readonly filters: boolean }): Promise<TestDockerd> {
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-dockerd-'));
  const host = `unix://${join(folder, 'docker.sock')}`;
  let pid = await launchDockerd(folder, host, filters);
  return {
    host,
    async restart() {
      await endProcess(pid, ENDING);
      pid = await launchDockerd(folder, host, filters);
    },
    async close() {
      const { docker } = new DockerEngine(host);
      const left = await docker.listContainers({ all: true });
      await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
      for (const { Id, Name, Driver } of await docker.listNetworks()) {
        if (Driver === 'bridge' && Name !== 'bridge') await docker.getNetwork(Id).remove();
      }
      await endProcess(pid, ENDING);
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

async function launchDockerd(folder: string, host: string, filters: boolean): Promise<number> {
  const log = openSync(join(folder, 'log'), 'a');
  const places = ['data-root', 'exec-root'].map((name) => `--${name}=${join(folder, name)}`);
  const network = filters ? [] : ['--bridge=none', '--iptables=false'];
  const args = [...places, ...network, `--pidfile=${join(folder, 'pid')}`, '--log-level=error'];
  const child = spawn('dockerd', [...args, '--host', host], { stdio: ['ignore', log, log] });
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`dockerd ended (${code}); see ${folder}/log`)));
  });
  failed.catch(() => {});
  const engine = new DockerEngine(host);
  for (const deadline = performance.now() + ANSWERS_WITHIN_MS; ;) {
    const answers = engine.docker.ping().then(
      () => true,
      () => false,
    );
    if (await Promise.race([answers, failed])) return child.pid ?? 0;
    if (performance.now() > deadline) throw new Error(`dockerd does not answer; see ${folder}/log`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
