import { useCallback, useId, useMemo, useState, type KeyboardEvent } from 'react';
import { useLocation } from 'wouter';
import type { Place } from '../../components/grid-keys.ts';
import type { GridColumn } from '../../components/grid-props.ts';
import { Grid } from '../../components/grid.tsx';
import { Icon } from '../../components/icon.tsx';
import type { Column, ForeignKey } from '../../data/catalogue.ts';
import { cellKind } from '../../data/cell-types.ts';
import type { Asked, ReadTable } from '../../data/read-rows.ts';
import { rows as texts } from '../../texts/en/tables.ts';
import { CellEditor } from './cell-editor.tsx';
import { referenceLinks } from './reference-links.ts';
import { RowCell } from './row-cell.tsx';
import type { RowSource } from './row-source.ts';
import { useCellEditing } from './use-cell-editing.ts';
import { WholeValue } from './whole-value.tsx';
import styles from './rows-view.module.css';

interface RowsGridProps {
  readonly project: string;
  readonly table: ReadTable;
  readonly source: RowSource;
  readonly version: number;
  readonly asked: Asked;
  readonly editable: boolean;
  readonly foreignKeys: readonly ForeignKey[];
  readonly selected: ReadonlySet<number>;
  readonly onSelect: (selected: ReadonlySet<number>) => void;
  readonly onDelete: (rows: readonly number[]) => void;
  readonly onSort: (column: string) => void;
}

const WIDTHS = { number: 120, boolean: 92, time: 236, json: 240, bytes: 180, text: 210 } as const;

function gridColumn(column: Column, key: readonly string[]): GridColumn {
  const kind = cellKind(column.base);
  const name = Math.min(320, 34 + column.name.length * 8);
  return {
    name: column.name,
    note: column.type,
    width: Math.max(name, column.base === 'uuid' ? 290 : WIDTHS[kind]),
    ...(kind === 'number' && { align: 'end' as const }),
    ...(key.includes(column.name) && { mark: <Icon name="key" size={12} /> }),
  };
}

export function RowsGrid(props: RowsGridProps) {
  const { project, table, source, version, asked, editable, foreignKeys, selected, onSelect } = props;
  const helpId = useId();
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });
  const cells = useCellEditing({ project, table, source, editable, onActive: setActive });
  const columns = useMemo(() => table.columns.map((column) => gridColumn(column, table.key)), [table]);
  const linkOf = useMemo(() => referenceLinks(project, table, foreignKeys), [project, table, foreignKeys]);
  const { cellAt, editing } = cells;
  const cell = useCallback(
    (row: number, column: number) => {
      const found = cellAt({ row, column });
      if (!found) return undefined;
      return (
        <RowCell value={found.seen} kind={cellKind(found.column.base)} link={linkOf(found.row, column)} />
      );
    },
    [cellAt, linkOf],
  );
  const toggle = (row: number) => {
    const next = new Set(selected);
    if (!next.delete(row)) next.add(row);
    onSelect(next);
  };
  const onKey = useKeys({ ...props, active, cells, linkOf, toggle });
  return (
    <>
      <p id={helpId} className="aside">
        {texts.help}
      </p>
      <Grid
        label={texts.grid(table.name)}
        describedBy={helpId}
        columns={columns}
        rows={source.shownRows}
        cell={cell}
        version={version}
        onRange={source.look}
        sorting={asked.sorts[0]}
        onSort={props.onSort}
        sortLabel={texts.sort}
        active={active}
        onActive={setActive}
        onOpen={cells.open}
        onKey={onKey}
        isSelected={(row) => selected.has(row)}
        {...(editable && {
          before: (row: number) => <Box checked={selected.has(row)} onChange={() => toggle(row)} />,
        })}
        editor={
          editing ? (
            <CellEditor
              key={`${editing.place.row}-${editing.place.column}`}
              column={editing.column}
              value={editing.value}
              typed={editing.typed}
              onSave={cells.save}
              onCancel={cells.cancel}
            />
          ) : undefined
        }
      />
      <span role="status" className="aside">
        {cells.said}
      </span>
      {cells.whole && <WholeValue {...cells.whole} onClose={cells.close} />}
    </>
  );
}

const Box = ({ checked, onChange }: { readonly checked: boolean; readonly onChange: () => void }) => (
  <input
    type="checkbox"
    tabIndex={-1}
    className={styles['box']}
    aria-label={texts.select}
    checked={checked}
    onChange={onChange}
  />
);

interface Keys extends RowsGridProps {
  readonly active: Place;
  readonly cells: ReturnType<typeof useCellEditing>;
  readonly linkOf: ReturnType<typeof referenceLinks>;
  readonly toggle: (row: number) => void;
}

/** What keys do with the active cell, and with its row. */
function useKeys({ active, cells, linkOf, toggle, editable, selected, onDelete }: Keys) {
  const [, navigate] = useLocation();
  return (event: KeyboardEvent): boolean => {
    const { key, altKey } = event;
    const ctrl = event.ctrlKey || event.metaKey;
    const cell = cells.cellAt(active);
    if (!cell) return false;
    const link = linkOf(cell.row, active.column);
    if (altKey && key === 'Enter' && link) navigate(link.to);
    else if (ctrl && key === 'c') void navigator.clipboard.writeText(cell.seen ?? '');
    else if (!editable) return false;
    else if (key === ' ' && !ctrl) toggle(active.row);
    else if (key === 'Delete') onDelete(selected.size > 0 ? [...selected] : [active.row]);
    else if (ctrl && key === 'Backspace') cells.setNull(active);
    else if (key.length === 1 && !ctrl && !altKey) cells.open(active, key);
    else return false;
    return true;
  };
}
