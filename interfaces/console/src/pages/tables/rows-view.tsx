import { useMemo, useState, type ReactNode } from 'react';
import { useLocation, useSearch } from 'wouter';
import { Button, IconButton } from '../../components/button.tsx';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import type { Table } from '../../data/catalogue.ts';
import { isEditable } from '../../data/change-rows.ts';
import { identityOf } from '../../data/order.ts';
import type { Asked, ReadTable } from '../../data/read-rows.ts';
import { rows as texts } from '../../texts/en/tables.ts';
import { DeleteRows, mostDeleted } from './delete-rows.tsx';
import { FilterChips, FilterForm } from './filter-bar.tsx';
import { InsertRow } from './insert-row.tsx';
import { askedOf, nextSorts, searchOf } from './paths.ts';
import type { RowSource } from './row-source.ts';
import { RowsFoot } from './rows-foot.tsx';
import { RowsGrid } from './rows-grid.tsx';
import { useReadTable, useRowSource } from './use-row-source.ts';
import styles from './rows-view.module.css';

const NONE: ReadonlySet<number> = new Set();

/** The rows of a table: conditions and order stand in the address, so a link leads to what is seen. */
export function RowsView({ project, table: whole }: { readonly project: string; readonly table: Table }) {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const table = useReadTable(whole);
  const asked = useMemo(() => askedOf(search, table.columns), [search, table.columns]);
  const [round, setRound] = useState(0);
  const [inserting, setInserting] = useState(false);
  const [deleting, setDeleting] = useState<readonly number[] | null>(null);
  const [selected, setSelected] = useState(NONE);
  const { source, version } = useRowSource(project, table, asked, round);
  const editable = isEditable(whole);
  const ask = (next: Asked) => {
    setSelected(NONE);
    const text = searchOf(next);
    navigate(text === '' ? path : `${path}?${text}`);
  };
  const again = () => {
    setSelected(NONE);
    setRound((before) => before + 1);
  };
  const setFilters = (filters: Asked['filters']) => ask({ ...asked, filters });
  return (
    <div className={styles['view']}>
      <Tools table={table} filters={asked.filters} onFilters={setFilters} onRefresh={again}>
        {selected.size > 0 && (
          <DeleteButton
            most={mostDeleted(table)}
            count={selected.size}
            onPress={() => setDeleting([...selected])}
          />
        )}
        {editable && (
          <Button small icon="plus" onClick={() => setInserting(true)}>
            {texts.insert}
          </Button>
        )}
      </Tools>
      {source && (
        <Found source={source} filtered={asked.filters.length > 0} onClear={() => setFilters([])}>
          <RowsGrid
            // another order has another first row
            key={`${searchOf(asked)} ${round}`}
            {...{ project, table, source, version, asked, editable, selected }}
            foreignKeys={whole.foreign_keys}
            onSelect={setSelected}
            onDelete={setDeleting}
            onSort={(column) => ask({ ...asked, sorts: nextSorts(asked.sorts, column) })}
          />
        </Found>
      )}
      {source && (
        <RowsFoot
          table={whole}
          source={source}
          filtered={asked.filters.length > 0}
          editable={editable}
          noKey={identityOf(table).by === 'place'}
        />
      )}
      {inserting && <InsertRow {...{ project, table }} onClose={() => setInserting(false)} onAdded={again} />}
      {deleting && source && (
        <DeleteRows
          {...{ project, table, source }}
          indexes={deleting}
          onClose={() => setDeleting(null)}
          onDeleted={again}
        />
      )}
    </div>
  );
}

interface ToolsProps {
  readonly table: ReadTable;
  readonly filters: Asked['filters'];
  readonly onFilters: (filters: Asked['filters']) => void;
  readonly onRefresh: () => void;
  readonly children: ReactNode;
}

function Tools({ table, filters, onFilters, onRefresh, children }: ToolsProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <div className={styles['tools']}>
        <Button small icon="filter" aria-expanded={open} onClick={() => setOpen(!open)}>
          {texts.filter}
        </Button>
        <FilterChips filters={filters} onChange={onFilters} />
        <span className={styles['space']} />
        {children}
        <IconButton small icon="refresh" label={texts.refresh} onClick={onRefresh} />
      </div>
      {open && <FilterForm columns={table.columns} filters={filters} onChange={onFilters} />}
    </>
  );
}

interface DeleteButtonProps {
  readonly count: number;
  readonly most: number;
  readonly onPress: () => void;
}

const DeleteButton = ({ count, most, onPress }: DeleteButtonProps) => (
  <Button
    small
    look="danger"
    icon="trash"
    disabled={count > most}
    title={count > most ? texts.tooMany(most) : undefined}
    onClick={onPress}
  >
    {texts.deleteRows(count)}
  </Button>
);

interface FoundProps {
  readonly source: RowSource;
  readonly filtered: boolean;
  readonly onClear: () => void;
  readonly children: ReactNode;
}

/** The rows, or why there are none. */
function Found({ source, filtered, onClear, children }: FoundProps) {
  const { error, total } = source;
  if (error !== null && !source.started)
    return (
      <div className={styles['scroll']}>
        <ErrorState title={texts.failed} error={error} retry={() => source.retry()} />
      </div>
    );
  if (total?.exact !== true || total.rows > 0) return children;
  return (
    <div className={styles['scroll']}>
      {filtered ? (
        <EmptyState
          icon="search"
          title={texts.noMatchTitle}
          action={<Button onClick={onClear}>{texts.clearFilters}</Button>}
        >
          {texts.noMatch}
        </EmptyState>
      ) : (
        <EmptyState icon="table" title={texts.emptyTitle}>
          {texts.empty}
        </EmptyState>
      )}
    </div>
  );
}
