/** Programs of Debian's that stand beside ours, and are ended with the group that asked for them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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

export const nginxProgram = (): Promise<string> => programOf(NGINX);
export const haproxyProgram = (): Promise<string> => programOf(HAPROXY);

/** @param probe a URL that is answered, whatever it says, when the program is ready */
export async function runBeside(
  program: string,
  args: readonly string[],
  probe: string,
): Promise<{ stop(): Promise<void> }> {
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
