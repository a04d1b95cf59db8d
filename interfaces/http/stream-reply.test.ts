import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { eventStream, ndjson } from './stream-reply.ts';

/** Somebody who reads nothing. */
const stuck = () => new PassThrough({ highWaterMark: 10 }) as unknown as ServerResponse;
const soon = () => new Promise((resolve) => setImmediate(resolve));

test('a slow reader is not outrun, and does not hold anybody up when it goes', async () => {
  let made = 0;
  let closed = false;
  async function* rows() {
    try {
      while (made < 1_000) yield made++;
    } finally {
      closed = true;
    }
  }
  const controller = new AbortController();
  const streaming = ndjson(rows()).stream(stuck(), controller.signal);
  await soon();
  expect(made).toBeGreaterThan(0);
  expect(made).toBeLessThan(20);
  controller.abort();
  await streaming;
  await soon();
  expect(closed).toBe(true);
});

test('a source that does not notice is left behind', async () => {
  async function* silent() {
    yield* [];
    await new Promise(() => {});
  }
  const controller = new AbortController();
  const streaming = eventStream(silent()).stream(stuck(), controller.signal);
  controller.abort();
  await streaming;
});

test('a source that fails fails the stream', async () => {
  async function* failing() {
    yield 1;
    throw new Error('away');
  }
  await expect(ndjson(failing()).stream(stuck(), new AbortController().signal)).rejects.toThrow('away');
});

test('a heartbeat shows that the server is there', async () => {
  const out = new PassThrough();
  const controller = new AbortController();
  const never = (async function* () {
    yield* [];
    await new Promise(() => {});
  })();
  const streaming = eventStream(never, { heartbeatMs: 1 }).stream(
    out as unknown as ServerResponse,
    controller.signal,
  );
  const [chunk] = (await once(out, 'data')) as Buffer[];
  expect(chunk?.toString()).toBe(': here\n\n');
  controller.abort();
  await streaming;
});
