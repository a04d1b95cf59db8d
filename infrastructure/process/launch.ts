import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { mayDumpCore } from './core-dumps.ts';
import { openLogFile } from './log-file.ts';
import type { SystemUser } from './system-user.ts';

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** appended to; made with mode 0600. Its folder may be the program's */
  readonly logFile: string;
  readonly user: SystemUser | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

/** messages in English; with plain `C` PostgREST cannot read a path that has an umlaut */
const UTF8_LOCALE = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';

export interface Launched {
  readonly pid: number;
  /** resolves when the process has ended */
  readonly ended: Promise<void>;
}

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;

/**
 * The memory that a crash would write to the disk holds secrets. A program inherits our own limit; where that is none, a
 * shell sets it and makes way for the program.
 */
const WITHOUT_CORE_DUMPS = ['/bin/sh', '-c', 'ulimit -c 0; exec "$0" "$@"'] as const;

/**
 * Starts a program in a session of its own: Ctrl-C in the terminal reaches only us, and a kill -9 of us
 * leaves the program running for the next start to adopt. Our environment (it holds the master key) is not
 * passed on.
 */
export async function launch(what: Launch): Promise<Launched> {
  await access(what.command, constants.X_OK);
  const log = await openLogFile(what.logFile, APPEND, what.user?.uid);
  try {
    const shell = (await mayDumpCore()) ? WITHOUT_CORE_DUMPS : [];
    const [program = what.command, ...args] = [...shell, what.command, ...what.args];
    const child = spawn(program, args, {
      cwd: what.cwd,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: UTF8_LOCALE, ...what.env },
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      ...(what.user && { uid: what.user.uid, gid: what.user.gid }),
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return { pid: child.pid as number, ended };
  } finally {
    await log.close();
  }
}
