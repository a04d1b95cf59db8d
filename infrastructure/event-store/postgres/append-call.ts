import type { AppendRequest } from './append-request.ts';

/** log.append of 0002_log_append.sql, prepared once per connection. */
export const APPEND = {
  name: 'append',
  text: 'SELECT * FROM log.append($1, $2, $3, $4, $5, $6, $7, $8, $9)',
} as const;

/** The arguments of log.append for a batch: of appends and of their events, column by column. */
export function appendValues(batch: readonly AppendRequest[]): unknown[] {
  const streams = new Map<string, number>();
  for (const { stream } of batch) if (!streams.has(stream)) streams.set(stream, streams.size + 1);
  const events = batch.flatMap((request) => request.events);
  return [
    [...streams.keys()],
    batch.map(({ stream }) => streams.get(stream)),
    batch.map(({ expected }) => String(expected)),
    batch.map((request) => request.events.length),
    events.map(({ id }) => id),
    events.map(({ type }) => type),
    events.map(({ version }) => version),
    events.map(({ data }) => data),
    events.map(({ metadata }) => metadata),
  ];
}
