import { dirname } from 'node:path';
import type { Log } from '../../application/ports/log.ts';
import { launch } from '../process/launch.ts';
import { mostOpenFiles } from '../process/open-files.ts';
import { endProcess, listPrograms, signal } from '../process/process-table.ts';
import { SupervisedProgram } from '../process/supervised-program.ts';
import type { SystemUser } from '../process/system-user.ts';

export interface PgbouncerProgramOptions {
  readonly binary: string;
  /** the file that it is started with: its command line says whose it is */
  readonly mainFile: string;
  readonly logFile: string;
  readonly user: SystemUser | undefined;
  readonly log: Log;
  /** asked before one is launched */
  readonly beforeLaunch: () => Promise<void>;
  /** resolves when it answers */
  readonly ready: (ended: AbortSignal) => Promise<void>;
  /** told after a restart that nobody asked for */
  readonly onRestarted: () => void;
}

/** INT waits for clients, TERM does not */
const ENDING = [
  { signal: 'SIGTERM', waitMs: 3_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
] as const;

/** The life of a PgBouncer that is our child: adopted, started, started again, ended. */
export class PgbouncerProgram {
  readonly #options: PgbouncerProgramOptions;
  readonly #program: SupervisedProgram;

  constructor(options: PgbouncerProgramOptions) {
    this.#options = options;
    const { binary, mainFile, logFile, user } = options;
    this.#program = new SupervisedProgram({
      name: 'pgbouncer',
      log: options.log,
      find: () => this.#find(),
      launch: async () => {
        await options.beforeLaunch();
        return launch({ command: binary, args: [mainFile], cwd: dirname(mainFile), logFile, user });
      },
      ready: (_pid, ended) => options.ready(ended),
      onRestarted: () => options.onRestarted(),
      ending: ENDING,
    });
  }

  /** of the one that answers */
  get pid(): number | undefined {
    return this.#program.pid;
  }

  /**
   * One that an earlier run left and that does not answer is replaced.
   * @param mayNeedFiles how many it may come to have open: it is told when it may not
   */
  async start(mayNeedFiles: number): Promise<void> {
    if (this.pid !== undefined) return;
    await this.#program.start().catch(async (error: unknown) => {
      if (!(await this.#endLeft())) throw error;
      await this.#program.start();
    });
    await this.#warnOfOpenFiles(mayNeedFiles);
  }

  /** It has the limit that we have ourselves, as far up as we may raise it: more is the operator's to give. */
  async #warnOfOpenFiles(mayNeed: number): Promise<void> {
    const limit = this.pid === undefined ? undefined : await mostOpenFiles(this.pid);
    if (limit === undefined || limit >= mayNeed) return;
    this.#options.log.warn(
      { limit, mayNeed },
      'if all projects were in use, PgBouncer could not open as many connections as they may have: start LaunchDB with a higher limit of open files (ulimit -n, LimitNOFILE)',
    );
  }

  /** Has it take its files up without the console. */
  hangUp(): void {
    if (this.pid !== undefined) signal(this.pid, 'SIGHUP');
  }

  /** Also the one that an earlier run left. */
  async end(): Promise<void> {
    await this.#program.stop();
    await this.#endLeft();
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }

  async #find(): Promise<number | undefined> {
    const command = `${this.#options.binary} ${this.#options.mainFile}`;
    return (await listPrograms()).find((program) => program.command === command)?.pid;
  }

  async #endLeft(): Promise<boolean> {
    const left = await this.#find();
    return left !== undefined && endProcess(left, ENDING);
  }
}
