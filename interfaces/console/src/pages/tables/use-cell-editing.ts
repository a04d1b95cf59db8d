import { useCallback, useState } from 'react';
import { neighbour, type Place } from '../../components/grid-keys.ts';
import { toast } from '../../components/toast.ts';
import { run } from '../../data/ask.ts';
import type { Column } from '../../data/catalogue.ts';
import { isWritable } from '../../data/change-rows.ts';
import { isClipped, valueQuery, type ReadTable, type Row } from '../../data/read-rows.ts';
import { rows as texts } from '../../texts/en/tables.ts';
import type { Then } from './cell-editor.tsx';
import { ChangedMeanwhile, type RowSource } from './row-source.ts';

interface Editing {
  readonly place: Place;
  readonly column: Column;
  /** in full, as it was seen */
  readonly value: string | null;
  readonly typed?: string;
}

interface Options {
  readonly project: string;
  readonly table: ReadTable;
  readonly source: RowSource;
  readonly editable: boolean;
  readonly onActive: (place: Place) => void;
}

/** Values of cells: read in full, changed in place, and shown as they were where that fails. */
export function useCellEditing({ project, table, source, editable, onActive }: Options) {
  const [editing, setEditing] = useState<Editing | null>(null);
  const [whole, setWhole] = useState<{ readonly name: string; readonly value: string } | null>(null);
  const [said, setSaid] = useState('');

  const cellAt = useCallback(
    ({ row: at, column: number }: Place) => {
      const [row, column] = [source.row(at), table.columns[number]];
      const seen = row?.cells[number];
      return row && column && seen !== undefined ? { row, column, seen } : undefined;
    },
    [source, table],
  );

  const change = (place: Place, column: Column, from: string | null, to: string | null) => {
    if (to === from) return;
    if (to === null && column.not_null)
      return toast.failed(texts.notSaved(column.name), texts.cannotBeNull(column.name));
    source.change(place.row, place.column, from, to).then(
      () => setSaid(texts.saved(column.name)),
      (error: unknown) => {
        const why = error instanceof ChangedMeanwhile ? texts.changedMeanwhile : error;
        toast.failed(texts.notSaved(column.name), why);
      },
    );
  };

  const open = useCallback(
    (place: Place, typed?: string) => {
      const cell = cellAt(place);
      if (!cell) return;
      const { column } = cell;
      void inFull(project, table, cell, (value) => {
        if (editable && isWritable(column))
          setEditing({ place, column, value, ...(typed !== undefined && { typed }) });
        else setWhole({ name: column.name, value: value ?? 'NULL' });
      });
    },
    [project, table, editable, cellAt],
  );

  const setNull = (place: Place) => {
    const cell = cellAt(place);
    if (!cell || !isWritable(cell.column)) return;
    void inFull(project, table, cell, (value) => change(place, cell.column, value, null));
  };

  const save = (to: string | null, then: Then) => {
    if (!editing) return;
    const { place, column, value } = editing;
    const extent = { rows: source.shownRows, columns: table.columns.length, page: 1 };
    setEditing(null);
    if (then === 'down') onActive({ ...place, row: Math.min(place.row + 1, extent.rows - 1) });
    else if (then !== 'stay') onActive(neighbour(place, then === 'next' ? 1 : -1, extent));
    change(place, column, value, to);
  };

  const cancel = () => setEditing(null);
  const close = () => setWhole(null);
  return { editing, whole, said, cellAt, open, setNull, save, cancel, close };
}

interface Cell {
  readonly row: Row;
  readonly column: Column;
  readonly seen: string | null;
}

/** A value that is shown in part is read first. */
async function inFull(
  project: string,
  table: ReadTable,
  { row, column, seen }: Cell,
  then: (value: string | null) => void,
): Promise<void> {
  if (!isClipped(seen)) return then(seen);
  try {
    const { rows } = await run(project, valueQuery(table, row, column.name));
    then((rows[0]?.[0] ?? null) as string | null);
  } catch (error) {
    toast.failed(texts.whole(column.name), error);
  }
  return undefined;
}
