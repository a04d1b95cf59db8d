/** What a grid keeps track of: which rows and columns are on the screen, and where its keys lead. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useRef, type KeyboardEvent } from 'react';
import { placeAfter, type Extent, type Place } from './grid-keys.ts';
import type { GridProps } from './grid-props.ts';

/** one line, with the line below it: also in grid.module.css */
const ROW = 32;
const HEAD = 44;
const COLUMN_DEFAULT = 180;
const BEFORE = 44;

export function useGrid(props: GridProps) {
  const { columns, rows, active, onActive, onRange, onOpen } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const left = props.before ? BEFORE : 0;
  // nothing here is compiled to be remembered
  // oxlint-disable-next-line react/incompatible-library
  const vertical = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10,
    paddingStart: HEAD,
    scrollPaddingStart: HEAD,
    scrollPaddingEnd: 8,
  });
  const horizontal = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => columns[index]?.width ?? COLUMN_DEFAULT,
    overscan: 2,
    paddingStart: left,
    scrollPaddingStart: left,
  });
  const { range } = vertical;
  useEffect(() => {
    if (range && rows > 0) onRange?.(range.startIndex, range.endIndex);
  }, [range, rows, onRange]);
  const { measure } = horizontal;
  useEffect(() => measure(), [columns, measure]);
  useFollowing(active, rows, vertical.scrollToIndex, horizontal.scrollToIndex);
  const press = useCallback(
    (row: number, column: number, twice: boolean) => {
      onActive({ row, column });
      scroller.current?.focus({ preventScroll: true });
      if (twice) onOpen?.({ row, column });
    },
    [onActive, onOpen],
  );
  const page = Math.max(1, (range ? range.endIndex - range.startIndex : 1) - 1);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) =>
    keyDown(event, props, { rows, columns: columns.length, page });
  return { scroller, vertical, horizontal, press, onKeyDown };
}

type ScrollTo = (index: number, options: { readonly align: 'auto' }) => void;

/** What is active comes into sight when it moves; scrolling away from it is allowed. */
function useFollowing({ row, column }: Place, rows: number, toRow: ScrollTo, toColumn: ScrollTo): void {
  const seen = useRef({ row, column });
  useEffect(() => {
    if (seen.current.row === row && seen.current.column === column) return;
    seen.current = { row, column };
    if (rows === 0) return;
    toRow(row, { align: 'auto' });
    toColumn(column, { align: 'auto' });
  }, [row, column, rows, toRow, toColumn]);
}

function keyDown(
  event: KeyboardEvent<HTMLDivElement>,
  { active, onActive, onOpen, onKey }: GridProps,
  extent: Extent,
): void {
  if (event.target !== event.currentTarget || extent.rows === 0) return;
  const { key, altKey, shiftKey } = event;
  const ctrl = event.ctrlKey || event.metaKey;
  const to = altKey || shiftKey ? undefined : placeAfter({ key, ctrl }, active, extent);
  if (onKey?.(event) === true) event.preventDefault();
  else if (to) {
    event.preventDefault();
    onActive(to);
  } else if (onOpen && !ctrl && !altKey && (key === 'Enter' || key === 'F2')) {
    event.preventDefault();
    onOpen(active);
  }
}
