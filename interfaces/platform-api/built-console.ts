/** The console as `npm run build` left it, read into memory once: what is served is never looked up on a disk. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..', 'console', 'dist');
/** whatever was copied there: more than this is no build of ours */
const MOST_FILES = 500;
const MOST_BYTES = 16 * 1024 * 1024;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface ConsoleFile {
  readonly type: string;
  readonly etag: string;
  /** `identity` at least; the others as they were made with the build */
  readonly bytes: ReadonlyMap<Coding, Buffer>;
}

export const CODINGS = ['br', 'gzip', 'identity'] as const;
export type Coding = (typeof CODINGS)[number];

export interface BuiltConsole {
  readonly page: ConsoleFile;
  /** by their names, which have a hash of what is in them */
  readonly assets: ReadonlyMap<string, ConsoleFile>;
}

/** @returns undefined: it has not been built here */
export async function readBuiltConsole(folder = FOLDER): Promise<BuiltConsole | undefined> {
  const page = await fileOf(folder, 'index.html').catch(() => undefined);
  if (!page) return undefined;
  const names = await readdir(join(folder, 'assets'));
  if (names.length > MOST_FILES)
    throw new Error(`${folder} is no build of the console: it has too many files`);
  const assets = new Map<string, ConsoleFile>();
  for (const name of names) {
    if (TYPES[extname(name)] !== undefined) assets.set(name, await fileOf(join(folder, 'assets'), name));
  }
  const all = [...assets.values()].flatMap(({ bytes }) => [...bytes.values()]);
  if (all.reduce((sum, { length }) => sum + length, 0) > MOST_BYTES)
    throw new Error(`${folder} is no build of the console: it is too large`);
  return { page, assets };
}

async function fileOf(folder: string, name: string): Promise<ConsoleFile> {
  const path = join(folder, name);
  const identity = await readFile(path);
  const bytes = new Map<Coding, Buffer>([['identity', identity]]);
  for (const [coding, ending] of [
    ['br', '.br'],
    ['gzip', '.gz'],
  ] as const) {
    const made = await readFile(path + ending).catch(() => undefined);
    if (made) bytes.set(coding, made);
  }
  const etag = `"${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}"`;
  return { type: TYPES[extname(name)] ?? 'application/octet-stream', etag, bytes };
}
