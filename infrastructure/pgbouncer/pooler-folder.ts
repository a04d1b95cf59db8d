/**
 * The pooler's files. Each is written whole beside itself, flushed and renamed, so that a reader sees the old one or
 * the new one; what is replaced is kept as a backup, a bounded number of them.
 */
import {
  chown,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { unavailable } from '../../application/errors.ts';
import type { SystemUser } from '../process/system-user.ts';
import { FolderLock } from './folder-lock.ts';
import { hasBothMarks, joined, partsOf, type Parts } from './own-part.ts';
import { FILES } from './pgbouncer-files.ts';

export interface PoolerFolderOptions {
  readonly path: string;
  /** whom the files shall belong to; default: us */
  readonly user: SystemUser | undefined;
  readonly fileMode: number;
  /** what stands in files without our marks is somebody's and is kept */
  readonly shared: boolean;
}

const KEPT_BACKUPS = 20;

export class PoolerFolder {
  readonly #options: PoolerFolderOptions;
  /** each file as it was last seen with both marks */
  readonly #whole = new Map<string, string>();
  readonly #seen = new Map<string, string>();
  #lock: FolderLock | undefined;

  constructor(options: PoolerFolderOptions) {
    this.#options = options;
  }

  /** @throws {Refused} another manager writes here */
  async open(): Promise<void> {
    if (await this.#lock?.isHeld()) return;
    await this.close();
    await this.#ensureFolders();
    this.#lock = await FolderLock.take(this.file('launchdb.lock'));
  }

  async close(): Promise<void> {
    await this.#lock?.release();
    this.#lock = undefined;
  }

  file(name: string): string {
    return join(this.#options.path, name);
  }

  /** Our part of a file, and what stands outside of it; both empty when there is none. */
  async read(name: string): Promise<{ own: string | undefined; others: string }> {
    const { own, before, after } = await this.#partsOf(name, await this.#text(name));
    return { own, others: `${before}${after}` };
  }

  /**
   * Puts our part into a file; one that holds it already is left as it is.
   * @returns our part as it was before
   * @throws {Unavailable} another manager has taken over
   */
  async write(name: string, own: string): Promise<string | undefined> {
    if (!(await this.#lock?.isHeld()))
      throw unavailable('pooler', "write the pooler's files: another LaunchDB does");
    const old = await this.#text(name);
    const parts = await this.#partsOf(name, old);
    const text = joined(parts, own, name === FILES.access ? '#' : ';;');
    if (old === text) return parts.own;
    await this.#ensureFolders();
    await this.#backUp(name);
    await this.replace(name, text);
    this.#whole.set(name, text);
    return parts.own;
  }

  /** Puts a text in the place of a file, whatever that holds; one that holds it already is left as it is. */
  async replace(name: string, text: string): Promise<void> {
    if ((await this.#text(name)) === text) return;
    const draft = this.file(`${name}.new`);
    await rm(draft, { force: true });
    await writeFile(draft, text, { mode: this.#options.fileMode, flush: true });
    await this.#own(draft);
    // before anybody else can lay hands on it
    this.#seen.set(name, await signature(draft));
    await rename(draft, this.file(name));
    await flushFolder(this.#options.path);
  }

  /** Whether one of the files is another one than at the last call; the first call says no. */
  async changed(names: readonly string[]): Promise<boolean> {
    let changed = false;
    for (const name of names) {
      const now = await signature(this.file(name));
      const before = this.#seen.get(name);
      this.#seen.set(name, now);
      if (before === undefined || before === now) continue;
      changed = true;
      // also the operator's own change is kept: who loses the file gets it back
      const text = await this.#text(name);
      if (!hasBothMarks(text)) continue;
      this.#whole.set(name, text);
      await this.#backUp(name);
    }
    return changed;
  }

  async #partsOf(name: string, text: string): Promise<Parts> {
    if (hasBothMarks(text)) {
      this.#whole.set(name, text);
      return partsOf(text, undefined);
    }
    const known = this.#whole.get(name) ?? (await this.#newestBackup(name));
    const unmarked = known === undefined && !this.#options.shared;
    return partsOf(unmarked ? '' : text, known);
  }

  async #text(name: string): Promise<string> {
    const text = await readFile(this.file(name), 'utf8').catch(() => '');
    // what a power failure may leave of a file
    return text.includes('\0') ? '' : text;
  }

  /** Somebody else's folder is left as open as they made it. */
  async #ensureFolders(): Promise<void> {
    for (const folder of [this.#options.path, this.#backups]) {
      const made = await mkdir(folder, { recursive: true, mode: this.#options.shared ? 0o750 : 0o700 });
      if (made !== undefined) await this.#own(folder);
    }
  }

  get #backups(): string {
    return this.file('backups');
  }

  async #backUp(name: string): Promise<void> {
    const stamp = new Date().toISOString().replaceAll(':', '-');
    await copyFile(this.file(name), join(this.#backups, `${name}.${stamp}`)).catch(() => {});
    for (const old of (await this.#backupsOf(name)).slice(0, -KEPT_BACKUPS)) {
      await rm(join(this.#backups, old), { force: true });
    }
  }

  async #newestBackup(name: string): Promise<string | undefined> {
    for (const backup of (await this.#backupsOf(name)).toReversed()) {
      const text = await readFile(join(this.#backups, backup), 'utf8').catch(() => '');
      if (hasBothMarks(text)) return text;
    }
    return undefined;
  }

  async #backupsOf(name: string): Promise<string[]> {
    const all = await readdir(this.#backups).catch(() => []);
    return all.filter((one) => one.startsWith(`${name}.`)).sort();
  }

  async #own(path: string): Promise<void> {
    const { user } = this.#options;
    if (user) await chown(path, user.uid, user.gid);
  }
}

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const signature = (path: string): Promise<string> =>
  stat(path).then(
    ({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`,
    () => 'absent',
  );
