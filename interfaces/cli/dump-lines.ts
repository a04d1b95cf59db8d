/** The rows of some tables in a dump of pg_dump's, as plain text. It may be of any size: it is read as it comes. */
import { createReadStream } from 'node:fs';
import { Refused } from '../../application/errors.ts';
import type { DumpLine } from '../../application/auth/import-users.ts';
import { COPY_END, copyFields, copyTarget, type CopyTarget } from '../../domain/auth/copy-text.ts';

const LONGEST_LINE = 16 * 1024 * 1024;
const INSERT = /^INSERT INTO "?auth"?\."?(users|identities|mfa_factors)"?[ (]/;

/** @throws {Refused} it cannot be read, is not such a dump, or is cut short */
export async function* dumpLines(file: string, tables: ReadonlySet<string>): AsyncIterable<DumpLine> {
  let target: CopyTarget | undefined;
  let at = 0;
  let found = false;
  for await (const line of textLines(file)) {
    at++;
    if (target === undefined) {
      if (INSERT.test(line))
        throw new Refused(
          `${file}:${at}: the dump has INSERT; make one with COPY (pg_dump without --inserts)`,
        );
      target = copyTarget(line);
      found ||= target !== undefined && tables.has(target.table);
    } else if (line === COPY_END) target = undefined;
    else if (tables.has(target.table))
      yield { line: at, table: target.table, row: rowOf(target, line, `${file}:${at}`) };
  }
  if (target) throw new Refused(`${file} ends within the rows of ${target.table}: it is cut short`);
  if (!found) throw new Refused(`${file} has no rows of ${[...tables].join(', ')}`);
}

function rowOf({ columns }: CopyTarget, line: string, place: string): DumpLine['row'] {
  const fields = copyFields(line);
  if (fields.length !== columns.length)
    throw new Refused(`${place}: ${fields.length} fields for ${columns.length} columns: the dump is broken`);
  return Object.fromEntries(columns.map((name, index) => [name, fields[index] ?? null]));
}

/** Ended by a line feed, and by nothing else: other separators may stand in a text. */
async function* textLines(file: string): AsyncIterable<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
      const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST_LINE) throw new Refused(`${file} has a line that is too long`);
      yield* lines;
    }
    rest += decoder.decode();
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(`${file} cannot be read as text in UTF-8`, error);
  }
  if (rest !== '') yield rest;
}
