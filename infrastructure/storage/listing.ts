/**
 * Statements that list what is in a bucket. Names are sorted by their bytes, where a folder is its name with the slash. By
 * name what is in the folders of a listing is skipped, a probe of the index for each entry, so that a page takes as long
 * as it has entries, whatever is below them; by anything else all names with the prefix are looked through.
 */
import type { PagePosition, SortColumn, SortOrder } from '../../application/ports/storage-directory.ts';
import { listedColumns } from './object-columns.ts';

export interface Listing {
  readonly bucketId: string;
  /** names begin with it; what is behind it up to a slash is an entry */
  readonly prefix: string;
  readonly byFolder: boolean;
  /** names after the prefix begin with it, in any case; empty: all */
  readonly search: string;
  readonly column: SortColumn;
  readonly order: SortOrder;
  readonly offset: number;
  readonly limit: number;
  readonly after: PagePosition | undefined;
  readonly startAfter: string | undefined;
}

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Rows have the columns of objects; of a folder `is_folder`, and its whole name in `entry`. `value` is for the next page. */
export const listing = (wanted: Listing): Statement =>
  wanted.column === 'name' && wanted.search === '' && wanted.byFolder ? steps(wanted) : pass(wanted);

/** Numbers the values of a statement. */
class Values {
  readonly all: unknown[] = [];

  add(value: unknown, type = 'text'): string {
    return `$${this.all.push(value)}::${type}`;
  }
}

/** What text of these bytes begins with comes before it, and nothing else with the prefix after; null: all does. */
export function endOf(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last < 0x10ffff) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
  }
  return null;
}

/** The first name that may come after one: nothing in a folder does. */
const behind = (name: string): string => (name.endsWith('/') ? `${name.slice(0, -1)}0` : `${name}\x01`);

/** What every name of the listing keeps to. */
function within({ bucketId, prefix, order, column, after, startAfter }: Listing, values: Values): string[] {
  const isByName = column === 'name';
  const starts = [
    ...(prefix === '' ? [] : [prefix]),
    ...(startAfter === undefined ? [] : [`${startAfter}\x01`]),
    ...(isByName && after && order === 'asc' ? [behind(after.name)] : []),
  ];
  const end = endOf(prefix);
  const ends = [
    ...(end === null ? [] : [end]),
    ...(isByName && after && order === 'desc' ? [after.name] : []),
  ];
  return [
    `o.bucket_id = ${values.add(bucketId)}`,
    ...starts.map((start) => `o.name COLLATE "C" >= ${values.add(start)}`),
    ...ends.map((each) => `o.name COLLATE "C" < ${values.add(each)}`),
  ];
}

function steps(wanted: Listing): Statement {
  const values = new Values();
  const isAscending = wanted.order === 'asc';
  const direction = isAscending ? 'ASC' : 'DESC';
  const prefix = values.add(wanted.prefix);
  const rest = `substr(o.name, char_length(${prefix}) + 1)`;
  const folder = `${prefix} || split_part(${rest}, '/', 1)`;
  const isFolder = `strpos(${rest}, '/') > 0`;
  const bound = isAscending
    ? `CASE WHEN ${isFolder} THEN ${folder} || '0' ELSE o.name || chr(1) END`
    : `CASE WHEN ${isFolder} THEN ${folder} || '/' ELSE o.name END`;
  const step = (conditions: readonly string[], number: string) =>
    `SELECT o.id, ${isFolder} AS is_folder, CASE WHEN ${isFolder} THEN ${folder} || '/' ELSE o.name END AS entry,
            ${bound} AS bound, ${number} AS number
     FROM storage.objects o WHERE ${conditions.join(' AND ')}
     ORDER BY o.name COLLATE "C" ${direction} LIMIT 1`;
  const conditions = within(wanted, values);
  const next = step(
    [...conditions, `o.name COLLATE "C" ${isAscending ? '>=' : '<'} entries.bound`],
    'entries.number + 1',
  );
  const text = `WITH RECURSIVE entries AS (
      (${step(conditions, '1')}) UNION ALL SELECT next.* FROM entries CROSS JOIN LATERAL (${next}) next),
    page AS (SELECT * FROM entries OFFSET ${values.add(wanted.offset, 'bigint')} LIMIT ${values.add(wanted.limit, 'bigint')})
    SELECT page.is_folder, page.entry, NULL AS value, ${listedColumns('o')}
    FROM page LEFT JOIN storage.objects o ON o.id = page.id AND NOT page.is_folder ORDER BY page.number`;
  return { text, values: values.all };
}

function pass(wanted: Listing): Statement {
  const { column, order, search, byFolder, after } = wanted;
  const values = new Values();
  const prefix = values.add(wanted.prefix);
  const conditions = within(wanted, values);
  if (search !== '')
    conditions.push(
      `starts_with(lower(substr(o.name, char_length(${prefix}) + 1)), lower(${values.add(search)}))`,
    );
  const value = column === 'name' ? `'-infinity'::timestamptz` : `coalesce(o.${column}, '-infinity')`;
  // by name folders are among the others; by a time, which they have none of, they come first
  const kind = column === 'name' ? '1' : '0';
  const folders = `SELECT ${kind} AS kind, true AS is_folder, NULL::uuid AS id, '-infinity'::timestamptz AS value,
      ${prefix} || split_part(rest, '/', 1) || '/' AS entry FROM found WHERE strpos(rest, '/') > 0 GROUP BY entry`;
  const objects = `SELECT 1, false, id, value, name AS entry FROM found${byFolder ? ` WHERE strpos(rest, '/') = 0` : ''}`;
  const direction = order === 'asc' ? 'ASC' : 'DESC';
  const sorted = (of: string) =>
    `ORDER BY ${of}.kind, ${of}.value ${direction}, ${of}.entry COLLATE "C" ${direction}`;
  const beyond = order === 'asc' ? '>' : '<';
  const isLater =
    after && column !== 'name'
      ? `WHERE entries.kind > ${values.add(after.value === null ? 0 : 1, 'int')} OR entries.kind = ${values.add(after.value === null ? 0 : 1, 'int')}
           AND (entries.value, entries.entry COLLATE "C") ${beyond} (${values.add(after.value ?? '-infinity', 'timestamptz')}, ${values.add(after.name)})`
      : '';
  const text = `WITH found AS (
      SELECT o.id, o.name, ${value} AS value, substr(o.name, char_length(${prefix}) + 1) AS rest
      FROM storage.objects o WHERE ${conditions.join(' AND ')}),
    entries(kind, is_folder, id, value, entry) AS (${byFolder ? `${folders} UNION ALL ` : ''}${objects}),
    page AS (SELECT * FROM entries ${isLater} ${sorted('entries')}
      OFFSET ${values.add(wanted.offset, 'bigint')} LIMIT ${values.add(wanted.limit, 'bigint')})
    SELECT page.is_folder, page.entry, CASE WHEN page.kind = 0 THEN NULL ELSE page.value::text END AS value, ${listedColumns('o')}
    FROM page LEFT JOIN storage.objects o ON o.id = page.id ${sorted('page')}`;
  return { text, values: values.all };
}
