/** Programs of Debian's that stand beside ours, and are ended with the group that asked for them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureProgram, type SystemProgram } from '../../infrastructure/process/install-program.ts';
import { HAPROXY, NGINX } from '../../infrastructure/process/system-programs.ts';

const ANSWERS_WITHIN_MS = 10_000;

async function programOf(program: SystemProgram): Promise<string> {
  const { path, advice } = await ensureProgram(program, {
    searchPath: process.env['PATH'] ?? '',
    log: (line) => console.error(line),
  });
  if (path === undefined) throw new Error(`${program.title} is needed: ${advice}`);
  return path;
}

export interface Beside {
  stop(): Promise<void>;
}

/**
 * @param folder for its configuration, and for what it keeps while it runs
 * @param inside what its `http` block has beside what all of ours have
 * @param probe a URL that is answered, whatever it says, when it is ready
 */
export async function runNginx(folder: string, inside: string, probe: string): Promise<Beside> {
  const conf = join(folder, 'nginx.conf');
  await writeFile(conf, nginxConf(folder, inside));
  const args = ['-c', conf, '-p', folder, '-e', join(folder, 'error.log')];
  return runBeside(await programOf(NGINX), args, probe);
}

/** @param probe a URL that is answered, whatever it says, when it is ready */
export async function runHaproxy(folder: string, configuration: string, probe: string): Promise<Beside> {
  const conf = join(folder, 'haproxy.cfg');
  await writeFile(conf, configuration);
  return runBeside(await programOf(HAPROXY), ['-db', '-f', conf], probe);
}

const nginxConf = (folder: string, inside: string): string => `daemon off;
user root;
worker_processes auto;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path ${folder}/bodies;
  proxy_temp_path ${folder}/temporary;
  fastcgi_temp_path ${folder}/temporary;
  uwsgi_temp_path ${folder}/temporary;
  scgi_temp_path ${folder}/temporary;
${inside}}
`;

/** @param probe a URL that is answered, whatever it says, when the program is ready */
export async function runBeside(program: string, args: readonly string[], probe: string): Promise<Beside> {
  const child = spawn(program, [...args], { stdio: ['ignore', 2, 2] });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const over = once(child, 'exit');
    child.kill('SIGTERM');
    await over;
  };
  const deadline = performance.now() + ANSWERS_WITHIN_MS;
  for (;;) {
    const answers = await fetch(probe).then(
      () => true,
      () => false,
    );
    if (answers) return { stop };
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`${program} did not start`);
    }
    await sleep(50);
  }
}
