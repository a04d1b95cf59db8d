/**
 * A grid of many rows, of which only those on the screen are drawn. It has the focus as a whole; the arrows move its active
 * cell, which is told to screen readers. What keys do beyond moving is its user's.
 */
import { memo, useEffect, useId, useRef, type ReactNode } from 'react';
import { components as texts } from '../texts/en/components.ts';
import { classes } from './classes.ts';
import type { GridColumn, GridProps } from './grid-props.ts';
import styles from './grid.module.css';
import { Icon } from './icon.tsx';
import { useGrid } from './use-grid.ts';

export function Grid(props: GridProps) {
  const { columns, rows, active, editor, before } = props;
  const id = useId();
  const { scroller, vertical, horizontal, press, onKeyDown } = useGrid(props);
  const isEditing = editor !== undefined;
  const wasEditing = useRef(false);
  // whoever saved or gave up goes on where they were
  useEffect(() => {
    if (wasEditing.current && !isEditing) scroller.current?.focus({ preventScroll: true });
    wasEditing.current = isEditing;
  }, [isEditing, scroller]);
  const shown = horizontal.getVirtualItems();
  const drawn = vertical.getVirtualItems();
  const width = horizontal.getTotalSize();
  const isDrawn =
    drawn.some(({ index }) => index === active.row) && shown.some(({ index }) => index === active.column);
  return (
    // its keys are those of a grid
    // oxlint-disable-next-line jsx-a11y/interactive-supports-focus
    <div
      ref={scroller}
      role="grid"
      tabIndex={isEditing ? -1 : 0}
      aria-label={props.label}
      aria-rowcount={rows + 1}
      aria-colcount={columns.length + (before ? 1 : 0)}
      aria-activedescendant={isDrawn && rows > 0 ? `${id}-${active.row}-${active.column}` : undefined}
      aria-describedby={props.describedBy}
      aria-multiselectable={before !== undefined || undefined}
      className={styles['grid']}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className={styles['head']} style={{ width }}>
        <div role="row" aria-rowindex={1} className={styles['row']}>
          {before && (
            <div role="columnheader" aria-colindex={1} className={styles['before']}>
              <span className="aside">{texts.select}</span>
            </div>
          )}
          {shown.map((item) => (
            <Heading key={item.key} {...props} index={item.index} start={item.start} width={item.size} />
          ))}
        </div>
      </div>
      <div role="rowgroup" className={styles['body']} style={{ height: vertical.getTotalSize() - 44, width }}>
        {drawn.map((item) => (
          <Row
            key={item.key}
            id={id}
            row={item.index}
            start={item.start - 44}
            columns={columns}
            shown={shown}
            version={props.version}
            cell={props.cell}
            before={before}
            selected={props.isSelected?.(item.index) === true}
            activeColumn={item.index === active.row ? active.column : -1}
            editor={item.index === active.row ? editor : undefined}
            press={press}
          />
        ))}
      </div>
    </div>
  );
}

interface HeadingProps extends GridProps {
  readonly index: number;
  readonly start: number;
  readonly width: number;
}

function Heading({ columns, before, index, start, width, sorting, onSort, sortLabel }: HeadingProps) {
  const column = columns[index];
  if (!column) return null;
  const isSorted = sorting?.column === column.name;
  const order = sorting?.descending ? 'descending' : 'ascending';
  const inside = (
    <>
      <span className={styles['name']}>
        {column.mark}
        {column.name}
        {isSorted && (
          <span className={styles[order]}>
            <Icon name="down" size={12} />
          </span>
        )}
      </span>
      <span className={styles['note']}>{column.note}</span>
    </>
  );
  return (
    <div
      role="columnheader"
      aria-colindex={index + (before ? 2 : 1)}
      aria-sort={isSorted ? order : undefined}
      className={classes(styles['heading'], column.align && styles['end'])}
      style={{ transform: `translateX(${start}px)`, width }}
    >
      {onSort ? (
        <button
          type="button"
          className={styles['sort']}
          title={sortLabel?.(column.name)}
          onClick={() => onSort(column.name)}
        >
          {inside}
        </button>
      ) : (
        inside
      )}
    </div>
  );
}

interface RowProps {
  readonly id: string;
  readonly row: number;
  readonly start: number;
  readonly columns: readonly GridColumn[];
  readonly shown: readonly { readonly index: number; readonly start: number; readonly size: number }[];
  readonly version: unknown;
  readonly cell: GridProps['cell'];
  readonly before: GridProps['before'];
  readonly selected: boolean;
  readonly activeColumn: number;
  readonly editor: ReactNode;
  readonly press: (row: number, column: number, twice: boolean) => void;
}

const Row = memo(function Row(props: RowProps) {
  const { id, row, start, columns, shown, cell, before, selected, activeColumn, editor, press } = props;
  return (
    <div
      role="row"
      aria-rowindex={row + 2}
      aria-selected={before ? selected : undefined}
      className={classes(
        styles['row'],
        selected && styles['selected'],
        activeColumn >= 0 && styles['current'],
        editor !== undefined && styles['raised'],
      )}
      style={{ transform: `translateY(${start}px)` }}
    >
      {before && (
        <div role="gridcell" aria-colindex={1} className={styles['before']}>
          {before(row)}
        </div>
      )}
      {shown.map(({ index, start: x, size }) => {
        const isActive = index === activeColumn;
        const isEdited = isActive && editor !== undefined;
        return (
          // its keys are the grid's
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={index}
            id={`${id}-${row}-${index}`}
            role="gridcell"
            aria-colindex={index + (before ? 2 : 1)}
            className={classes(
              styles['cell'],
              isActive && styles['active'],
              columns[index]?.align && styles['end'],
              isEdited && styles['edited'],
            )}
            style={{ transform: `translateX(${x}px)`, width: size }}
            onClick={isEdited ? undefined : (event) => press(row, index, event.detail === 2)}
          >
            {isEdited ? editor : (cell(row, index) ?? <span className={styles['coming']} />)}
          </div>
        );
      })}
    </div>
  );
});
