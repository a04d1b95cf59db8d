/** Where a row's references lead. */
import type { ForeignKey } from '../../data/catalogue.ts';
import type { ReadTable, Row } from '../../data/read-rows.ts';
import { tablePath } from './paths.ts';

export interface ReferenceLink {
  readonly to: string;
  readonly table: string;
}

/** @returns for a row and a column the row that it refers to; undefined where it refers to none */
export function referenceLinks(project: string, table: ReadTable, foreignKeys: readonly ForeignKey[]) {
  const ofColumn = table.columns.map(({ name }) => foreignKeys.find(({ columns }) => columns.includes(name)));
  const placeOf = new Map(table.columns.map(({ name }, at) => [name, at]));
  return (row: Row, column: number): ReferenceLink | undefined => {
    const key = ofColumn[column];
    if (!key) return undefined;
    const filters = key.columns.flatMap((name, at) => {
      const value = row.cells[placeOf.get(name) ?? -1];
      const to = key.to_columns[at];
      // a part that is NULL refers to nothing
      return typeof value === 'string' && to !== undefined
        ? [{ column: to, operator: 'eq' as const, value }]
        : [];
    });
    if (filters.length < key.columns.length) return undefined;
    return {
      to: tablePath(project, { schema: key.to_schema, name: key.to_table }, filters),
      table: key.to_table,
    };
  };
}
