/** Conditions on rows, with their values as parameters. */
import type { Column } from './catalogue.ts';
import { isIncomparable } from './cell-types.ts';
import { identifier } from './quote.ts';

export const OPERATORS = [
  'eq',
  'neq',
  'lt',
  'lte',
  'gt',
  'gte',
  'contains',
  'starts',
  'null',
  'not-null',
] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Filter {
  readonly column: string;
  readonly operator: Operator;
  /** nothing of it counts where the operator takes none */
  readonly value: string;
}

export const takesValue = (operator: Operator): boolean => operator !== 'null' && operator !== 'not-null';

const SIGNS = { eq: '=', neq: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;

/** Gives each value its number as a parameter, and keeps it. */
export class Parameters {
  readonly values: (string | null)[] = [];

  add(value: string | null): string {
    return `$${this.values.push(value)}`;
  }
}

/** @returns such as `WHERE "a" = $1`, or nothing */
export function whereOf(
  filters: readonly Filter[],
  columns: readonly Pick<Column, 'name' | 'base'>[],
  parameters: Parameters,
  more: readonly string[] = [],
): string {
  const base = new Map(columns.map((column) => [column.name, column.base]));
  const known = filters.filter(({ column }) => base.has(column));
  const conditions = known.map((filter) => condition(filter, base.get(filter.column) ?? 'text', parameters));
  const all = [...conditions, ...more];
  return all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`;
}

function condition({ column, operator, value }: Filter, base: string, parameters: Parameters): string {
  const name = identifier(column);
  switch (operator) {
    case 'null':
      return `${name} IS NULL`;
    case 'not-null':
      return `${name} IS NOT NULL`;
    case 'contains':
      return `${name}::text ILIKE ${parameters.add(`%${likeText(value)}%`)}`;
    case 'starts':
      return `${name}::text ILIKE ${parameters.add(`${likeText(value)}%`)}`;
    case 'eq':
    case 'neq':
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte': {
      const compared = isIncomparable(base) ? `${name}::text` : name;
      return `${compared} ${SIGNS[operator]} ${parameters.add(value)}`;
    }
  }
}

const likeText = (text: string): string => text.replaceAll(/[\\%_]/g, '\\$&');

/** As it stands in an address: `column.operator.value`, the column's own dots and tildes escaped. */
export const filterText = ({ column, operator, value }: Filter): string =>
  `${column.replaceAll('~', '~0').replaceAll('.', '~1')}.${operator}.${takesValue(operator) ? value : ''}`;

export function parseFilter(text: string): Filter | null {
  const [, column, operator, value] = /^([^.]+)\.([a-z-]+)\.([^]*)$/.exec(text) ?? [];
  if (column === undefined || value === undefined || !isOperator(operator)) return null;
  return { column: column.replaceAll('~1', '.').replaceAll('~0', '~'), operator, value };
}

const isOperator = (text: string | undefined): text is Operator =>
  (OPERATORS as readonly (string | undefined)[]).includes(text);
