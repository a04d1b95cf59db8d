import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Unavailable } from '../../../application/errors.ts';
import type { Appended } from '../../../application/ports/event-store.ts';
import type { AppendRequest } from './append-request.ts';
import { GroupCommit } from './group-commit.ts';

type Outcomes = readonly (Appended | Error)[];

/** A log whose transactions end when the test says so. */
function handDriven() {
  const begun: { readonly batch: readonly AppendRequest[]; readonly end: PromiseWithResolvers<Outcomes> }[] =
    [];
  const groupCommit = new GroupCommit((batch) => {
    const end = Promise.withResolvers<Outcomes>();
    begun.push({ batch, end });
    return end.promise;
  });
  return {
    groupCommit,
    append: (stream: string, id: string = randomUUID()) => groupCommit.append(request(stream, id)),
    /** of each transaction that was begun: the streams that it appends to */
    streams: () => begun.map(({ batch }) => batch.map(({ stream }) => stream)),
    sizes: () => begun.map(({ batch }) => batch.length),
    end: (nth: number) => begun[nth]!.end.resolve(begun[nth]!.batch.map(() => DONE)),
    fail: (nth: number, reason: Error) => begun[nth]!.end.reject(reason),
    answer: (nth: number, outcomes: Outcomes) => begun[nth]!.end.resolve(outcomes),
  };
}

const DONE: Appended = { revision: 0, position: 1n };

const request = (stream: string, id: string): AppendRequest => ({
  stream,
  expected: 'any',
  events: [{ id, type: 'Noted', version: 1, data: '{}', metadata: '{}', sizeBytes: 4 }],
  sizeBytes: 4,
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Callers that append again as soon as they are told. @returns a function that makes them stop */
function callers(count: number, append: (stream: string) => Promise<Appended>): () => void {
  let going = true;
  const one = async (stream: string) => {
    while (going) await append(stream);
  };
  for (let nth = 0; nth < count; nth++) void one(String(nth));
  return () => (going = false);
}

describe('group commit', () => {
  test('one caller is a transaction at once', async () => {
    const log = handDriven();
    const appended = log.append('a');
    await turn();
    expect(log.streams()).toEqual([['a']]);
    log.end(0);
    expect(await appended).toEqual(DONE);
  });

  test('of many one half is written while the other waits for it there, and no third transaction is begun', async () => {
    const log = handDriven();
    const stop = callers(64, log.append);
    await turn();
    expect(log.sizes()).toEqual([32, 32]);
    for (let nth = 0; nth < 6; nth++) {
      log.end(nth);
      await turn();
      expect(log.sizes()).toEqual(Array.from({ length: nth + 3 }, () => 32));
    }
    stop();
    for (let nth = 0; nth < 64; nth++) void log.append(`late-${nth}`);
    await turn();
    expect(log.sizes()).toHaveLength(8);
  });

  test('few go together, and none of them behind many, but with those that come meanwhile, or when those are done', async () => {
    const log = handDriven();
    const appendTo = (count: number, name: string) => {
      for (let nth = 0; nth < count; nth++) void log.append(`${name}-${nth}`);
      return turn();
    };
    await appendTo(16, 'first');
    expect(log.sizes()).toEqual([16]);
    await appendTo(7, 'few');
    expect(log.sizes()).toEqual([16]);
    await appendTo(1, 'one more');
    expect(log.sizes()).toEqual([16, 8]);
    log.end(0);
    await appendTo(3, 'last');
    expect(log.sizes()).toEqual([16, 8]);
    log.end(1);
    await turn();
    expect(log.streams().slice(2)).toEqual([['last-0', 'last-1', 'last-2']]);
  });

  test('two appends of one id are never in one transaction, and keep their order', async () => {
    const log = handDriven();
    const id = randomUUID();
    const appends = [log.append('first', id), log.append('second', id), log.append('third')];
    await turn();
    expect(log.streams()).toEqual([['first'], ['second', 'third']]);
    log.end(0);
    log.end(1);
    expect(await Promise.all(appends)).toEqual([DONE, DONE, DONE]);
  });

  test('a transaction that fails fails its own appends only, one that is refused its own caller only', async () => {
    const log = handDriven();
    const id = randomUUID();
    const outcomes = Promise.allSettled([
      log.append('a', id),
      log.append('b'),
      log.append('c', id),
      log.append('d'),
    ]);
    await turn();
    expect(log.streams()).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    const [lost, refused] = [new Error('lost'), new Error('refused')];
    log.fail(0, lost);
    log.answer(1, [refused, DONE]);
    expect(await outcomes).toEqual([
      { status: 'rejected', reason: lost },
      { status: 'rejected', reason: lost },
      { status: 'rejected', reason: refused },
      { status: 'fulfilled', value: DONE },
    ]);
  });

  test('closing waits for what is under way and for what waits, and refuses what comes', async () => {
    const log = handDriven();
    for (let nth = 0; nth < 160; nth++) void log.append(String(nth));
    await turn();
    for (let nth = 0; nth < 100; nth++) void log.append(String(nth));
    await turn();
    expect(log.sizes()).toEqual([80, 80]);
    let closed = false;
    const closing = log.groupCommit.close().then(() => (closed = true));
    await expect(log.append('late')).rejects.toBeInstanceOf(Unavailable);
    for (let nth = 0; nth < 3; nth++) {
      log.end(nth);
      await turn();
      expect(closed).toBe(false);
    }
    expect(log.sizes()).toEqual([80, 80, 90, 10]);
    log.end(3);
    await closing;
  });
});
