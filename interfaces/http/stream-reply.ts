/** Replies that go on: Server-Sent Events and newline-delimited JSON, from any async iterable. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { StreamReply } from './endpoint.ts';

export interface ServerSentEvent {
  readonly id?: string;
  readonly event?: string;
  /** JSON; no bigint */
  readonly data: unknown;
}

const HEARTBEAT_MS = 15_000;

/** `text/event-stream`. A comment every 15 s shows both sides that the other is there. */
export function eventStream(
  events: AsyncIterable<ServerSentEvent>,
  options: { readonly heartbeatMs?: number } = {},
): StreamReply & { readonly status: 200 } {
  return {
    status: 200,
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // a buffering proxy would keep the events to itself
      'x-accel-buffering': 'no',
    },
    stream: async (res, signal) => {
      const heartbeat = setInterval(() => res.write(': here\n\n'), options.heartbeatMs ?? HEARTBEAT_MS);
      try {
        await pump(events, eventText, res, signal);
      } finally {
        clearInterval(heartbeat);
      }
    },
  };
}

/** `application/x-ndjson`: one JSON value a line. */
export const ndjson = (rows: AsyncIterable<unknown>): StreamReply & { readonly status: 200 } => ({
  status: 200,
  headers: { 'content-type': 'application/x-ndjson; charset=utf-8' },
  stream: (res, signal) => pump(rows, (row) => `${JSON.stringify(row)}\n`, res, signal),
});

function eventText({ id, event, data }: ServerSentEvent): string {
  const line = (name: string, value: string) => `${name}: ${value.replaceAll(/[\r\n]/g, ' ')}\n`;
  return [
    id === undefined ? '' : line('id', id),
    event === undefined ? '' : line('event', event),
    line('data', JSON.stringify(data)),
    '\n',
  ].join('');
}

/** Never waits for a source that is slow to notice the abort, and never outruns a slow reader. */
async function pump<T>(
  source: AsyncIterable<T>,
  text: (item: T) => string,
  res: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const gone = Promise.withResolvers<undefined>();
  const leave = () => gone.resolve(undefined);
  if (signal.aborted) return;
  signal.addEventListener('abort', leave, { once: true });
  const items = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([items.next(), gone.promise]);
      if (next === undefined || next.done) return;
      if (!res.write(text(next.value))) await Promise.race([once(res, 'drain', { signal }), gone.promise]);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', leave);
    void Promise.resolve(items.return?.()).catch(() => {});
  }
}
