import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { run } from '../../data/ask.ts';
import type { Table } from '../../data/catalogue.ts';
import type { Asked, ReadTable } from '../../data/read-rows.ts';
import { RowSource } from './row-source.ts';

const NOTHING = () => () => {};

/** What of a table its rows depend on: it stays the same when only its size is another one. */
export function useReadTable({ schema, name, kind, own, key, columns }: Table): ReadTable {
  return useMemo(() => ({ schema, name, kind, own, key, columns }), [schema, name, kind, own, key, columns]);
}

/**
 * The rows of a table, read anew when what is asked for changes.
 * @param round a number that is raised to read everything again
 */
export function useRowSource(project: string, table: ReadTable, asked: Asked, round: number) {
  const [source, setSource] = useState<RowSource | null>(null);
  useEffect(() => {
    const made = new RowSource(table, asked, (query, signal) => run(project, query, signal));
    made.start();
    setSource(made);
    return () => made.stop();
    // a round more is the same question again
    // oxlint-disable-next-line react/exhaustive-deps
  }, [project, table, asked, round]);
  const version = useSyncExternalStore(source?.subscribe ?? NOTHING, source?.version ?? (() => 0));
  return { source, version };
}
