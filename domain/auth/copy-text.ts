/** The text form of PostgreSQL's COPY, as pg_dump writes it. */

export interface CopyTarget {
  /** `auth.users` */
  readonly table: string;
  readonly columns: readonly string[];
}

const HEADER = /^COPY (\S+) \((.*)\) FROM stdin;$/;
const ESCAPE = /\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)/gsu;
const LETTERS: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
export const COPY_END = String.raw`\.`;

/** @returns undefined: rows do not begin with this line */
export function copyTarget(line: string): CopyTarget | undefined {
  const [, table, columns] = HEADER.exec(line) ?? [];
  if (table === undefined || columns === undefined) return undefined;
  return {
    table: table.replaceAll('"', ''),
    columns: columns.split(',').map((name) => name.trim().replaceAll('"', '')),
  };
}

/** The fields of one row; null is NULL. */
export const copyFields = (line: string): readonly (string | null)[] =>
  line.split('\t').map((field) => (field === String.raw`\N` ? null : unescaped(field)));

const unescaped = (field: string): string =>
  field.replaceAll(ESCAPE, (_whole, escape: string) => {
    if (/^x./.test(escape)) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    if (/^[0-7]/.test(escape)) return String.fromCharCode(Number.parseInt(escape, 8) & 0xff);
    return LETTERS[escape] ?? escape;
  });

const TIME = /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:([+-])(\d\d)(?::?(\d\d))?)?$/;
const LAST = new Date('9999-12-31T23:59:59.999Z');

/** What pg_dump writes of a timestamp; without an offset it is UTC. @returns undefined: it is none */
export function copyTime(text: string): Date | undefined {
  if (text === 'infinity') return LAST;
  const [, year = '', month, day, hour, minute, second, fraction = '', sign, hours = '00', minutes = '00'] =
    TIME.exec(text) ?? [];
  if (year.length !== 4) return undefined;
  const offset = sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`;
  const at = new Date(
    `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`,
  );
  return Number.isNaN(at.getTime()) ? undefined : at;
}
