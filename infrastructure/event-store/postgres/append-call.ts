import { integerArray, textArray, uuidArray } from '../../postgres/binary-arrays.ts';
import type { AppendRequest } from './append-request.ts';

/** log.append of 0002_log_append.sql, prepared once per connection. */
export const APPEND = {
  name: 'append',
  text: 'SELECT * FROM log.append($1, $2, $3, $4, $5, $6, $7, $8, $9)',
} as const;

/** The arguments of log.append for a batch: of appends and of their events, column by column. */
export function appendValues(batch: readonly AppendRequest[]): Buffer[] {
  const streams = new Map<string, number>();
  const streamOf = batch.map(({ stream }) => {
    const nth = streams.get(stream) ?? streams.size + 1;
    streams.set(stream, nth);
    return nth;
  });
  const events = batch.flatMap((request) => request.events);
  return [
    textArray([...streams.keys()]),
    integerArray(streamOf),
    textArray(batch.map(({ expected }) => String(expected))),
    integerArray(batch.map((request) => request.events.length)),
    uuidArray(events.map(({ id }) => id)),
    textArray(events.map(({ type }) => type)),
    integerArray(events.map(({ version }) => version)),
    textArray(events.map(({ data }) => data)),
    textArray(events.map(({ metadata }) => metadata)),
  ];
}
