/** How values of PostgreSQL's types are shown and typed in. Everywhere they are PostgreSQL's own text, so none loses anything. */

export type CellKind = 'number' | 'boolean' | 'json' | 'time' | 'bytes' | 'text';

const KINDS: Readonly<Record<CellKind, readonly string[]>> = {
  number: ['int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'oid', 'money'],
  boolean: ['bool'],
  json: ['json', 'jsonb'],
  time: ['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval'],
  bytes: ['bytea'],
  text: [],
};

/** @param base PostgreSQL's own name of the type, such as `int8` */
export function cellKind(base: string): CellKind {
  for (const [kind, types] of Object.entries(KINDS)) if (types.includes(base)) return kind as CellKind;
  return 'text';
}

/** Types whose values are never long: they need no clipping. */
export const isShort = (base: string): boolean =>
  base === 'uuid' ||
  base === 'bool' ||
  KINDS.time.includes(base) ||
  (KINDS.number.includes(base) && base !== 'numeric');

/** PostgreSQL has no `=` for these. */
export const isIncomparable = (base: string): boolean =>
  ['json', 'xml', 'point', 'polygon', 'path', 'line', 'lseg', 'box', 'circle'].includes(base);

/** Names and numbers of types that every PostgreSQL has, as answers of SQL give them. */
const BUILT_IN: Readonly<Record<number, string>> = {
  16: 'bool',
  17: 'bytea',
  18: 'char',
  19: 'name',
  20: 'int8',
  21: 'int2',
  23: 'int4',
  25: 'text',
  26: 'oid',
  114: 'json',
  700: 'float4',
  701: 'float8',
  790: 'money',
  1042: 'bpchar',
  1043: 'varchar',
  1082: 'date',
  1083: 'time',
  1114: 'timestamp',
  1184: 'timestamptz',
  1186: 'interval',
  1266: 'timetz',
  1700: 'numeric',
  2950: 'uuid',
  3802: 'jsonb',
  1000: 'bool[]',
  1005: 'int2[]',
  1007: 'int4[]',
  1009: 'text[]',
  1015: 'varchar[]',
  1016: 'int8[]',
  1021: 'float4[]',
  1022: 'float8[]',
  1185: 'timestamptz[]',
  1231: 'numeric[]',
  2951: 'uuid[]',
  3807: 'jsonb[]',
};

export const builtInType = (oid: number): string | undefined => BUILT_IN[oid];
