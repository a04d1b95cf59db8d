/** What runs in a thread that works out the MD5 of files while they are written; see `digest-threads.ts`. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

export type ToThread =
  /** so much of it is there; nothing comes behind it */
  | { readonly id: number; readonly path: string; readonly written: number; readonly isAll: boolean }
  | { readonly id: number; readonly isDropped: true };
export type FromThread =
  { readonly id: number; readonly md5: string } | { readonly id: number; readonly fault: unknown };

interface Followed {
  readonly file: number;
  readonly md5: Hash;
  at: number;
  written: number;
  isAll: boolean;
}

const PIECE = Buffer.allocUnsafeSlow(256 * 1024);
const followed = new Map<number, Followed>();
let isTurning = false;

const tell = (said: FromThread): void => parentPort?.postMessage(said);

parentPort?.on('message', (asked: ToThread) => {
  if ('isDropped' in asked) return drop(asked.id);
  const { id, path, written, isAll } = asked;
  guarded(id, () => {
    const file = followed.get(id) ?? begin(id, path);
    file.written = written;
    file.isAll = isAll;
  });
  if (isTurning) return;
  isTurning = true;
  turn();
});

/** A piece of each at a time: nobody waits for the end of a large one. */
function turn(): void {
  for (const [id, file] of followed) guarded(id, () => step(id, file));
  isTurning = [...followed.values()].some(({ at, written }) => at < written);
  if (isTurning) setImmediate(turn);
}

function begin(id: number, path: string): Followed {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const begun: Followed = { file, md5: createHash('md5'), at: 0, written: 0, isAll: false };
  followed.set(id, begun);
  return begun;
}

function step(id: number, of: Followed): void {
  const most = Math.min(PIECE.length, of.written - of.at);
  if (most > 0) {
    const read = readSync(of.file, PIECE, 0, most, of.at);
    if (read === 0) throw new Error('there is less in the file than was written');
    of.md5.update(PIECE.subarray(0, read));
    of.at += read;
  }
  if (!of.isAll || of.at < of.written) return;
  tell({ id, md5: of.md5.digest('hex') });
  drop(id);
}

function drop(id: number): void {
  const file = followed.get(id)?.file;
  followed.delete(id);
  if (file !== undefined) closeSync(file);
}

function guarded(id: number, work: () => void): void {
  try {
    work();
  } catch (fault) {
    drop(id);
    tell({ id, fault });
  }
}
