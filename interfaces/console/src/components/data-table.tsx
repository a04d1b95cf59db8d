import { useRef, type KeyboardEvent, type ReactNode } from 'react';
import { components as texts } from '../texts/en/components.ts';
import { classes } from './classes.ts';
import styles from './data-table.module.css';
import { Icon } from './icon.tsx';

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** read out, not shown: of a column of buttons */
  readonly hideTitle?: true;
  readonly cell: (row: Row) => ReactNode;
  /** numbers stand to the right */
  readonly align?: 'end';
  /** as CSS has it; default: as wide as what is in it */
  readonly width?: string;
  /** gone where there is little room: what it says stands elsewhere, too */
  readonly wideOnly?: boolean;
  readonly sortable?: boolean;
}

export interface Sorting {
  readonly by: string;
  readonly descending: boolean;
}

interface DataTableProps<Row> {
  /** read out */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Enter or a press on a row; it then has the focus, and the arrows go from row to row */
  readonly onOpen?: (row: Row) => void;
  readonly sorting?: Sorting;
  readonly onSort?: (sorting: Sorting) => void;
  /** in place of rows */
  readonly empty?: ReactNode;
}

/** A list with columns, for what fits on a page. What has many thousands of rows is the grid of the tables' page. */
export function DataTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  onOpen,
  sorting,
  onSort,
  empty,
}: DataTableProps<Row>) {
  const body = useRef<HTMLTableSectionElement>(null);
  if (rows.length === 0 && empty !== undefined) return <div className={styles['frame']}>{empty}</div>;
  return (
    // it scrolls sideways, so it has to be reached by keyboard
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles['frame']} tabIndex={onOpen ? undefined : 0} role="group" aria-label={label}>
      <table className={styles['table']} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Heading key={column.id} column={column} sorting={sorting} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              {...(onOpen && {
                tabIndex: 0,
                className: styles['opens'],
                onClick: (event) => isPlain(event.target) && onOpen(row),
                onKeyDown: (event) => onRowKey(event, () => onOpen(row)),
              })}
            >
              {columns.map((column) => (
                <td key={column.id} className={cellClass(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Heading<Row>({
  column,
  sorting,
  onSort,
}: {
  readonly column: Column<Row>;
  readonly sorting: Sorting | undefined;
  readonly onSort: ((sorting: Sorting) => void) | undefined;
}) {
  const isSorted = sorting?.by === column.id;
  const order = sorting?.descending ? 'descending' : 'ascending';
  return (
    <th
      scope="col"
      className={cellClass(column)}
      style={column.width === undefined ? undefined : { width: column.width }}
      aria-sort={isSorted ? order : undefined}
    >
      {column.sortable && onSort ? (
        <button
          type="button"
          className={classes(styles['sort'], isSorted && styles[order])}
          title={texts.sortBy(column.title)}
          onClick={() => onSort({ by: column.id, descending: isSorted && !sorting.descending })}
        >
          {column.title}
          <Icon name="down" size={12} />
        </button>
      ) : (
        <span className={column.hideTitle ? 'aside' : undefined}>{column.title}</span>
      )}
    </th>
  );
}

const cellClass = <Row,>({ align, wideOnly }: Column<Row>): string =>
  classes(align && styles['end'], wideOnly && styles['wideOnly']);

/** Nothing in the row that does something itself. */
const isPlain = (target: EventTarget): boolean =>
  target instanceof Element &&
  target.closest('a, button, input, label, [role="checkbox"], [role="menu"]') === null;

function onRowKey(event: KeyboardEvent<HTMLTableRowElement>, open: () => void): void {
  if (event.target !== event.currentTarget) return;
  const { currentTarget: row, key } = event;
  const to = {
    ArrowDown: row.nextElementSibling,
    ArrowUp: row.previousElementSibling,
    Home: row.parentElement?.firstElementChild,
    End: row.parentElement?.lastElementChild,
  }[key];
  if (key === 'Enter' || key === ' ') open();
  else if (to instanceof HTMLElement) to.focus();
  else return;
  event.preventDefault();
}
