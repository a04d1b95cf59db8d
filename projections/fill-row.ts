import type { DatabaseFill } from '../domain/project/limits.ts';

/** As JSON keeps it: the time is RFC 3339. */
export type FillRow = Omit<DatabaseFill, 'since'> & { readonly since: string };

export const fillRow = (fill: DatabaseFill | null): FillRow | null =>
  fill && { ...fill, since: fill.since.toISOString() };

export const fillOf = (row: FillRow | null): DatabaseFill | null =>
  row && { ...row, since: new Date(row.since) };
