import { projectOfStream } from '../domain/project/project-id.ts';
import { foldRows, type KeyedFold } from './keyed-rows.ts';
import type { Projection } from './projection.ts';

/** A view with one row for each project, made from the events of its stream. */
export function rowPerProject<Row extends object>(
  view: Omit<Projection, 'filter' | 'apply'>,
  rows: Omit<KeyedFold<Row>, 'keyOf'>,
): Projection {
  const fold: KeyedFold<Row> = { ...rows, keyOf: ({ stream }) => projectOfStream(stream) };
  return { ...view, filter: { streamPrefix: 'project-' }, apply: (events, tx) => foldRows(tx, fold, events) };
}
