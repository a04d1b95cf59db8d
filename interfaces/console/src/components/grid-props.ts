/** What a grid is told, and what it tells. */
import type { KeyboardEvent, ReactNode } from 'react';
import type { Place } from './grid-keys.ts';

export interface GridColumn {
  readonly name: string;
  /** below its name */
  readonly note: string;
  readonly width?: number;
  readonly align?: 'end';
  /** in front of the name: a key */
  readonly mark?: ReactNode;
}

export interface GridProps {
  /** read out */
  readonly label: string;
  readonly columns: readonly GridColumn[];
  readonly rows: number;
  /** @returns undefined while it is being read */
  readonly cell: (row: number, column: number) => ReactNode | undefined;
  /** changes when what `cell` gives does */
  readonly version?: unknown;
  /** which rows are on the screen */
  readonly onRange?: (from: number, to: number) => void;
  readonly sorting?: { readonly column: string; readonly descending: boolean } | undefined;
  readonly onSort?: (column: string) => void;
  readonly sortLabel?: (column: string) => string;
  /** in front of each row, such as a box to select it */
  readonly before?: (row: number) => ReactNode;
  readonly isSelected?: (row: number) => boolean;
  readonly active: Place;
  readonly onActive: (place: Place) => void;
  /** what is typed in; the active cell shows it in place of its value */
  readonly editor?: ReactNode;
  /** Enter, F2 or a double press on a cell */
  readonly onOpen?: (place: Place) => void;
  /** any key on the active cell, before the grid looks at it; true: it was for something */
  readonly onKey?: (event: KeyboardEvent) => boolean;
  /** the id of what tells about its keys */
  readonly describedBy?: string;
}
