/**
 * One manager at a time writes a folder, for as long as it runs: two that render it from what each of them knows would
 * take back each other's changes for ever. They may be in containers that share nothing but the folder, so a file that
 * its holder touches again and again is the lock; of one that died on this machine it is taken at once.
 */
import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '../../application/errors.ts';
import { processIdentity } from '../process/process-table.ts';

export interface LockTimes {
  readonly touchEveryMs: number;
  /** untouched for this long, its holder is taken for dead */
  readonly deadAfterMs: number;
  readonly waitMs: number;
}

const TIMES: LockTimes = { touchEveryMs: 2_000, deadAfterMs: 10_000, waitMs: 30_000 };
const LOOK_EVERY_MS = 200;
const SETTLED_AFTER_MS = 200;

export class FolderLock {
  readonly #file: string;
  readonly #mine: string;
  readonly #touching: NodeJS.Timeout;
  #held = true;

  private constructor(file: string, mine: string, { touchEveryMs }: LockTimes) {
    this.#file = file;
    this.#mine = mine;
    this.#touching = setInterval(() => void this.#touch(), touchEveryMs).unref();
  }

  /** @throws {Refused} somebody else has it, and goes on having it */
  static async take(file: string, times: LockTimes = TIMES): Promise<FolderLock> {
    const mine = `${hostname()} ${(await processIdentity(process.pid)) ?? process.pid} ${randomUUID()}`;
    const deadline = performance.now() + times.waitMs;
    const untouched = new Untouched(file);
    for (;;) {
      if (await made(file, mine)) return new FolderLock(file, mine, times);
      const holder = await readFile(file, 'utf8').catch(() => undefined);
      if (
        holder !== undefined &&
        ((await endedHere(holder)) || (await untouched.isLongerThan(times.deadAfterMs)))
      ) {
        if (await takenOver(file, mine)) return new FolderLock(file, mine, times);
      } else if (performance.now() > deadline) {
        throw new Refused(
          `another LaunchDB writes the pooler's files (${file} says: ${holder ?? 'nothing'}). Stop it first.`,
        );
      } else await sleep(LOOK_EVERY_MS);
    }
  }

  /** false: somebody took us for dead, and writes now */
  async isHeld(): Promise<boolean> {
    const holder = await readFile(this.#file, 'utf8').catch(() => this.#mine);
    return this.#held && holder === this.#mine;
  }

  async release(): Promise<void> {
    clearInterval(this.#touching);
    const last = await readFile(this.#file, 'utf8').catch(() => undefined);
    this.#held = false;
    if (last === this.#mine) await rm(this.#file, { force: true });
  }

  async #touch(): Promise<void> {
    const now = new Date();
    const holder = await readFile(this.#file, 'utf8').catch(() => undefined);
    // lost with its folder, say
    if (holder === undefined) this.#held = await made(this.#file, this.#mine).catch(() => this.#held);
    else if (holder === this.#mine) await utimes(this.#file, now, now).catch(() => {});
    else this.#held = false;
  }
}

async function made(file: string, mine: string): Promise<boolean> {
  try {
    await writeFile(file, mine, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function endedHere(holder: string): Promise<boolean> {
  const [host, pid, startedAt] = holder.split(' ');
  return host === hostname() && (await processIdentity(Number(pid))) !== `${pid} ${startedAt}`;
}

/** How long a file has been seen as it is: its own time is of a clock that somebody may set. */
class Untouched {
  readonly #file: string;
  #touchedAt: number | undefined;
  #sinceMs = 0;

  constructor(file: string) {
    this.#file = file;
  }

  async isLongerThan(ms: number): Promise<boolean> {
    const touchedAt = (await stat(this.#file).catch(() => undefined))?.mtimeMs;
    if (touchedAt === undefined || touchedAt !== this.#touchedAt) this.#sinceMs = performance.now();
    this.#touchedAt = touchedAt;
    return touchedAt !== undefined && performance.now() - this.#sinceMs > ms;
  }
}

/** Of several that see a dead holder the last one to write has it; each looks after the others have written, too. */
async function takenOver(file: string, mine: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, mine, { mode: 0o644 });
  await rename(draft, file);
  await sleep(SETTLED_AFTER_MS);
  return (await readFile(file, 'utf8').catch(() => '')) === mine;
}
