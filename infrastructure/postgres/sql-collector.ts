import type pg from 'pg';
import type { SqlResult } from '../../application/ports/project-sql.ts';

interface StatementResult {
  readonly command: string | null;
  readonly rowCount: number | null;
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

export interface Collected {
  readonly result: SqlResult;
  /** the first word of every statement's command tag */
  readonly commands: readonly string[];
}

/**
 * Collects what one message of SQL gives, of the last statement's rows no more than `maxRows`. The driver's
 * own collecting is switched off by listening to rows: it would keep all of them, of every statement.
 */
export function collect(query: pg.Query, maxRows: number): Promise<Collected> {
  let rowsOf: unknown;
  let rows: unknown[][] = [];
  let truncated = false;
  query.on('row', (row: unknown, statement: unknown) => {
    if (statement !== rowsOf) {
      rowsOf = statement;
      rows = [];
      truncated = false;
    }
    if (rows.length < maxRows) rows.push(row as unknown[]);
    else truncated = true;
  });
  return new Promise((resolve, reject) => {
    query.on('error', reject);
    query.on('end', (ended: unknown) => {
      const statements = (Array.isArray(ended) ? ended : [ended]) as StatementResult[];
      const last = statements.at(-1);
      const own = last === rowsOf;
      resolve({
        result: {
          command: last?.command ?? null,
          rowCount: last?.rowCount ?? null,
          fields: (last?.fields ?? []).map((field) => ({ name: field.name, dataTypeId: field.dataTypeID })),
          rows: own ? rows : [],
          truncated: own && truncated,
        },
        commands: statements.flatMap(({ command }) => command ?? []),
      });
    });
  });
}
