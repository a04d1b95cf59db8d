/** What a folder of an upload holds: `about.json`, and a file for each part, `part.<number>.<when>.<md5, or appended>`. */
import type { Dirent } from 'node:fs';
import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inParallel } from '../../application/background/in-parallel.ts';
import { StoreFull } from '../../application/ports/object-store.ts';
import {
  UploadMissing,
  type BegunUpload,
  type SpooledPart,
  type SpooledUpload,
  type UploadId,
} from '../../application/ports/upload-spool.ts';
import type { JsonObject } from '../../domain/storage/stored-object.ts';
import { codeOf, onDisk } from './disk-fault.ts';

export const ABOUT = 'about.json';
export const APPENDED = 'appended';
const AT_ONCE = 16;
const PART = /^part\.([1-9]\d{0,4})\.(\d{13})\.([0-9a-f]{32}|appended)$/;

export interface About {
  readonly about: JsonObject;
  readonly begunAt: string;
}

interface PartFile extends SpooledPart {
  readonly path: string;
  readonly when: string;
  /** a store has it, too */
  readonly isShared: boolean;
}

export const partName = (number: number, when: string, what: string): string =>
  `part.${number}.${when}.${what}`;

/** A clock that somebody set back makes no part older than what it is in the place of. */
export function laterThan(files: readonly PartFile[]): string {
  const latest = Math.max(0, ...files.map(({ when }) => Number(when)));
  return String(Math.max(new Date().getTime(), latest + 1)).padStart(13, '0');
}

export async function begunUpload(folder: string, id: UploadId): Promise<BegunUpload | undefined> {
  const about = await aboutOf(folder);
  return about && { id, about: about.about, begunAt: new Date(about.begunAt) };
}

export async function uploadIn(folder: string, id: UploadId): Promise<SpooledUpload | undefined> {
  const begun = await begunUpload(folder, id);
  if (!begun) return undefined;
  const parts = [...partsOf(await filesOf(folder)).values()].sort((one, other) => one.number - other.number);
  return {
    ...begun,
    parts: parts.map(({ size, md5, storedAt, number }) => ({ number, size, md5, storedAt })),
  };
}

/** undefined: it was not begun to the end, or is gone */
export async function aboutOf(folder: string): Promise<About | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, ABOUT), 'utf8')) as About;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    return onDisk('look at an upload', () => Promise.reject(error as Error));
  }
}

/** Of one that a crash left without a word about it: since when its folder is as it is. */
export async function begunIn(folder: string): Promise<Date> {
  const about = await aboutOf(folder);
  if (about) return new Date(about.begunAt);
  return onDisk('look at an upload', async () => (await lstat(folder)).mtime);
}

/** All of them, or those of one part. */
export async function filesOf(folder: string, only?: number): Promise<PartFile[]> {
  const found: PartFile[] = [];
  const named = (await entriesOf(folder)).flatMap(({ name }) => {
    const [, number, when = '', what = ''] = PART.exec(name) ?? [];
    return number === undefined || (only ?? Number(number)) !== Number(number)
      ? []
      : [{ name, number, when, what }];
  });
  await inParallel(named, AT_ONCE, async ({ name, number, when, what }) => {
    const path = join(folder, name);
    // another may have taken its place meanwhile
    const file = await unlessMissing(inUpload('look at an upload', () => lstat(path)));
    if (!file?.isFile()) return;
    const md5 = what === APPENDED ? null : what;
    const isShared = file.nlink > 1;
    found.push({ number: Number(number), size: file.size, md5, storedAt: file.mtime, path, when, isShared });
  });
  return found;
}

/** The file of each number that is the part. */
export function partsOf(files: readonly PartFile[]): ReadonlyMap<number, PartFile> {
  const parts = new Map<number, PartFile>();
  for (const file of files) {
    const other = parts.get(file.number);
    if (!other || other.path <= file.path) parts.set(file.number, file);
  }
  return parts;
}

export const foldersIn = async (folder: string): Promise<Dirent[]> =>
  (await entriesOf(folder)).filter((entry) => entry.isDirectory());

/** None, when the folder is not there. */
export const entriesOf = (folder: string): Promise<Dirent[]> =>
  onDisk('look at uploads', async () => {
    try {
      if (!(await lstat(folder)).isDirectory()) return [];
      return await readdir(folder, { withFileTypes: true });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  });

export const unlessMissing = <T>(work: Promise<T>): Promise<T | undefined> =>
  work.catch((error: unknown) => {
    if (error instanceof UploadMissing) return undefined;
    throw error;
  });

export function missing(): never {
  throw new UploadMissing();
}

/** What is not there belongs to an upload that is not there any more. */
export async function inUpload<T>(attempted: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof UploadMissing) throw new UploadMissing();
    if (error instanceof StoreFull) throw error;
    return onDisk(attempted, () => Promise.reject(error as Error));
  }
}
