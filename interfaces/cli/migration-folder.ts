/** A folder of an owner's SQL files. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Refused } from '../../application/errors.ts';
import {
  canonicalSql,
  MAX_SQL_CHARACTERS,
  MAX_VERSION,
  NAMED_LIKE,
  versionOf,
  type MigrationFile,
} from '../../domain/migration/migration-file.ts';

/** In order. @throws {Refused} there is no such folder, or a file in it cannot be a migration */
export async function readFolder(folder: string): Promise<readonly MigrationFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new Refused(`the folder ${folder} cannot be read; "migrate new <name>" makes it`, error);
  });
  const files: MigrationFile[] = [];
  for (const name of names.filter((one) => one.endsWith('.sql')).sort()) {
    const version = versionOf(name);
    if (version === undefined) throw new Refused(`${join(folder, name)} is not named like ${NAMED_LIKE}`);
    if (files.at(-1)?.version === version)
      throw new Refused(`${files.at(-1)?.name} and ${name} have the same number; give one a higher one`);
    const sql = await readSql(join(folder, name));
    files.push({ version, name, sql, checksum: createHash('sha256').update(sql).digest('hex') });
  }
  return files;
}

async function readSql(path: string): Promise<string> {
  const tooLarge = () => new Refused(`${path} is larger than ${MAX_SQL_CHARACTERS} characters; divide it`);
  const found = await stat(path).catch((error: unknown) => {
    const isLink = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Refused(
      isLink ? `${path} is a link to a file that is not there` : `${path} cannot be read`,
      error,
    );
  });
  if (!found.isFile()) throw new Refused(`${path} is not a file`);
  if (found.size > 4 * MAX_SQL_CHARACTERS) throw tooLarge();
  try {
    const sql = canonicalSql(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)));
    if (sql.length > MAX_SQL_CHARACTERS) throw tooLarge();
    return sql;
  } catch (error) {
    if (error instanceof Refused) throw error;
    const isText = !(error instanceof TypeError);
    throw new Refused(`${path} ${isText ? 'cannot be read' : 'is not text in UTF-8'}`, error);
  }
}

/** An empty file with the next number. @returns its path @throws {Refused} */
export async function newFile(folder: string, title: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const last = (await readFolder(folder)).at(-1)?.version ?? 0;
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  const name = `${String(last + 1).padStart(4, '0')}_${words}.sql`;
  if (last >= MAX_VERSION || versionOf(name) === undefined)
    throw new Refused(`"${title}" makes no name like ${NAMED_LIKE}`);
  const path = join(folder, name);
  await writeFile(path, '', { flag: 'wx' });
  return path;
}
