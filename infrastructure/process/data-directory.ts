/**
 * The folder that holds everything of one platform. It is marked as ours, locked while a platform runs on it,
 * and knows (by a fingerprint) which master key its secrets were sealed with.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Refused } from '../../application/errors.ts';
import { processIdentity } from './process-table.ts';

export interface DataDirectory {
  readonly path: string;
  /** 32 bytes */
  readonly masterKey: Uint8Array;
  /** gives the lock back */
  release(): Promise<void>;
}

const MARK = 'launchdb.json';
const LOCK = 'launchdb.pid';
const KEY = 'master.key';

/**
 * Opens or makes the folder.
 * @param givenKey the master key as 64 hexadecimal digits; without it, the one in the folder, made when missing
 * @throws {Refused} it is somebody else's, in use, or was made with another master key; nothing was changed then
 */
export async function openDataDirectory(
  folder: string,
  givenKey: string | undefined,
): Promise<DataDirectory> {
  const path = resolve(folder);
  await mkdir(path, { recursive: true, mode: 0o755 });
  const mark = await readMark(path);
  await lock(path);
  try {
    const key = await masterKeyOf(path, givenKey, mark !== undefined);
    const print = fingerprint(key);
    if (mark === undefined) await write(path, MARK, JSON.stringify({ format: 1, masterKey: print }), 0o644);
    else if (mark.masterKey !== print) {
      throw new Refused(
        `${path} was made with another master key. Set LAUNCHDB_MASTER_KEY (or ${KEY} in that folder) to the key ` +
          'that it was made with; nothing was changed.',
      );
    }
    return { path, masterKey: key, release: () => rm(join(path, LOCK), { force: true }) };
  } catch (error) {
    await rm(join(path, LOCK), { force: true });
    throw error;
  }
}

/**
 * The master key of a data directory that exists, without opening or locking it.
 * @throws {Refused} there is none
 */
export async function readMasterKey(folder: string, givenKey: string | undefined): Promise<Uint8Array> {
  const path = resolve(folder);
  if ((await readFile(join(path, MARK), 'utf8').catch(() => undefined)) === undefined) {
    throw new Refused(
      `${path} is not a LaunchDB data directory; set LAUNCHDB_DATA_DIR to the one that is meant.`,
    );
  }
  return masterKeyOf(path, givenKey, true);
}

async function readMark(path: string): Promise<{ masterKey: string } | undefined> {
  const text = await readFile(join(path, MARK), 'utf8').catch(() => undefined);
  if (text === undefined) {
    // a crash before the mark leaves only these
    const strange = (await readdir(path)).filter(
      (name) => ![LOCK, KEY, `${MARK}.new`, `${KEY}.new`].includes(name),
    );
    if (strange.length === 0) return undefined;
    throw new Refused(
      `${path} is not empty and not a LaunchDB data directory (no ${MARK}). Set LAUNCHDB_DATA_DIR to an empty or new folder.`,
    );
  }
  try {
    const mark = JSON.parse(text) as { format?: unknown; masterKey?: unknown };
    if (mark.format === 1 && typeof mark.masterKey === 'string') return { masterKey: mark.masterKey };
  } catch {
    // answered below
  }
  throw new Refused(
    `${join(path, MARK)} is damaged or of a newer LaunchDB. Restore it from a backup, or use a newer release.`,
  );
}

async function masterKeyOf(path: string, given: string | undefined, known: boolean): Promise<Uint8Array> {
  if (given !== undefined) return Buffer.from(given, 'hex');
  const stored = await readFile(join(path, KEY), 'utf8').catch(() => undefined);
  if (stored !== undefined) {
    if (!/^[0-9a-f]{64}\s*$/i.test(stored))
      throw new Refused(`${join(path, KEY)} is damaged; restore it from a backup.`);
    await chmod(join(path, KEY), 0o600);
    return Buffer.from(stored.trim(), 'hex');
  }
  if (known)
    throw new Refused(
      `the master key of ${path} is missing. Set LAUNCHDB_MASTER_KEY, or restore ${KEY} there.`,
    );
  const key = randomBytes(32);
  await write(path, KEY, `${key.toString('hex')}\n`, 0o600);
  return key;
}

/** A pid alone may belong to another process by now, so the lock names that very run of it. */
async function lock(path: string): Promise<void> {
  const file = join(path, LOCK);
  const identity = (await processIdentity(process.pid)) ?? String(process.pid);
  const place = await placeOf(path);
  const mine = `${identity}\n${place}`;
  for (let tries = 0; tries < 3; tries++) {
    try {
      await writeFile(file, mine, { flag: 'wx', mode: 0o644 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const text = (await readFile(file, 'utf8').catch(() => '')).trim();
    // an earlier release did not write the place
    const [holder = '', heldPlace = place] = text.split('\n');
    const pid = Number(holder.split(' ')[0]);
    if (holder === identity && heldPlace === place) return;
    if (Number.isInteger(pid) && pid > 0 && (await processIdentity(pid)) === holder) {
      throw new Refused(heldPlace === place ? inUse(path, pid) : hotCopy(path, pid));
    }
    await rm(file, { force: true });
  }
  throw new Refused(`${file} cannot be taken; is another LaunchDB starting at this moment?`);
}

/** Which folder it is, whatever it is called: a copy is another one. */
async function placeOf(path: string): Promise<string> {
  const { dev, ino } = await stat(path, { bigint: true });
  return `${dev}:${ino}`;
}

const inUse = (path: string, pid: number): string =>
  `another LaunchDB (process ${pid}) runs on ${path}. Stop it first, or set LAUNCHDB_DATA_DIR to another folder.`;

const hotCopy = (path: string, pid: number): string =>
  `${path} is a copy of a folder on which LaunchDB (process ${pid}) was running, and still is. What was copied file by ` +
  'file meanwhile may be torn and cannot be trusted: stop that LaunchDB, copy the folder again, then start this one. ' +
  `If it is a snapshot that the file system took at one moment, remove ${LOCK} and every postmaster.pid in it.`;

async function write(path: string, name: string, text: string, mode: number): Promise<void> {
  const draft = join(path, `${name}.new`);
  await writeFile(draft, text, { mode, flush: true });
  await rename(draft, join(path, name));
}

const fingerprint = (key: Uint8Array): string =>
  createHmac('sha256', key).update('launchdb master key').digest('hex').slice(0, 32);
