/** Replies that go on: Server-Sent Events, newline-delimited JSON and other text, from any async iterable. */
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
export const ndjson = (rows: AsyncIterable<unknown>): StreamReply & { readonly status: 200 } =>
  wholeStream('application/x-ndjson; charset=utf-8', rows, (row) => `${JSON.stringify(row)}\n`);

/** What comes piece by piece. */
export const textStream = (type: string, pieces: AsyncIterable<string>) =>
  wholeStream(type, pieces, (piece) => piece);

/** One that was cut short breaks off, so that nobody takes a part of it for the whole. */
const wholeStream = <T>(
  type: string,
  items: AsyncIterable<T>,
  text: (item: T) => string,
): StreamReply & { readonly status: 200 } => ({
  status: 200,
  headers: { 'content-type': type },
  stream: async (res, signal) => {
    if (!(await pump(items, text, res, signal))) res.destroy();
  },
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

/** Never waits for a source that is slow to notice the abort, and never outruns a slow reader. @returns whether that was all */
async function pump<T>(
  source: AsyncIterable<T>,
  text: (item: T) => string,
  res: ServerResponse,
  signal: AbortSignal,
): Promise<boolean> {
  const gone = Promise.withResolvers<undefined>();
  const leave = () => gone.resolve(undefined);
  if (signal.aborted) return false;
  signal.addEventListener('abort', leave, { once: true });
  const items = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([items.next(), gone.promise]);
      if (next === undefined) return false;
      if (next.done) return !signal.aborted;
      if (!res.write(text(next.value))) await Promise.race([once(res, 'drain', { signal }), gone.promise]);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  } finally {
    signal.removeEventListener('abort', leave);
    void Promise.resolve(items.return?.()).catch(() => {});
  }
}
