/** Where the keys of a grid lead. */

export interface Place {
  readonly row: number;
  readonly column: number;
}

export interface Extent {
  readonly rows: number;
  readonly columns: number;
  /** rows that are on the screen */
  readonly page: number;
}

interface Pressed {
  readonly key: string;
  readonly ctrl: boolean;
}

/** @returns undefined for a key that leads nowhere */
export function placeAfter({ key, ctrl }: Pressed, at: Place, extent: Extent): Place | undefined {
  const last = { row: extent.rows - 1, column: extent.columns - 1 };
  const to: Partial<Record<string, Place>> = {
    ArrowDown: { ...at, row: ctrl ? last.row : at.row + 1 },
    ArrowUp: { ...at, row: ctrl ? 0 : at.row - 1 },
    ArrowRight: { ...at, column: ctrl ? last.column : at.column + 1 },
    ArrowLeft: { ...at, column: ctrl ? 0 : at.column - 1 },
    PageDown: { ...at, row: at.row + extent.page },
    PageUp: { ...at, row: at.row - extent.page },
    Home: ctrl ? { row: 0, column: 0 } : { ...at, column: 0 },
    End: ctrl ? last : { ...at, column: last.column },
  };
  const found = to[key];
  return found && within(found, last);
}

/** The cell after this one, or before it, as Tab goes: from the end of a row to the next one. */
export function neighbour(at: Place, step: 1 | -1, { rows, columns }: Extent): Place {
  const index = at.row * columns + at.column + step;
  const last = rows * columns - 1;
  const kept = Math.min(Math.max(index, 0), last);
  return { row: Math.floor(kept / columns), column: kept % columns };
}

const within = ({ row, column }: Place, last: Place): Place => ({
  row: Math.min(Math.max(row, 0), Math.max(last.row, 0)),
  column: Math.min(Math.max(column, 0), Math.max(last.column, 0)),
});
