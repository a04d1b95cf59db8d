import { describe, expect, test } from 'vitest';
import type { EventRecord } from '../infrastructure/event-store/codec/event-codec.ts';
import { chainHash } from '../infrastructure/event-store/codec/hash-chain.ts';
import { contractCatalogue, newEvents, newStream } from './ports/event-store.contract.ts';
import {
  InMemoryEventStore,
  InMemoryLog,
} from '../infrastructure/event-store/memory/in-memory-event-store.ts';
import { checkEvent, LogVerification } from './audit-log.ts';

async function logOf(count: number) {
  const held = new InMemoryLog();
  const store = new InMemoryEventStore({ catalogue: contractCatalogue, held });
  await store.append(newStream(), 'none', newEvents(count));
  return { held, store };
}

test('A19 a log that is as it was written', async () => {
  const { store } = await logOf(5);
  const verification = new LogVerification(store, () => Promise.resolve(5n));
  expect(await verification.verify()).toEqual({ verified: 5n, firstAltered: null });
});

test('A19 the first altered event is named', async () => {
  const { held, store } = await logOf(5);
  held.records[2] = { ...held.records[2]!, data: '{"number":9}' };
  const { verified, firstAltered } = await new LogVerification(store, () => Promise.resolve(5n)).verify();
  expect(verified).toBe(2n);
  expect(firstAltered).toMatchObject({ position: 3n, event: { type: 'Noted', revision: 2 } });
});

test('A19 an end that was cut off shows by who has seen further', async () => {
  const { held, store } = await logOf(5);
  held.records.splice(3);
  const verification = new LogVerification(store, () => Promise.resolve(5n));
  expect(await verification.verify()).toEqual({
    verified: 3n,
    firstAltered: { position: 4n, event: undefined },
  });
});

test('who asks while it runs gets the same answer, and it is read once', async () => {
  const { store } = await logOf(3);
  let asked = 0;
  const verification = new LogVerification(store, () => Promise.resolve(BigInt(++asked)));
  await Promise.all([verification.verify(), verification.verify(), verification.verify()]);
  expect(asked).toBe(1);
});

describe('one event, beside a copy of it', () => {
  async function copied() {
    const { held, store } = await logOf(3);
    const { events } = await store.readAll({ after: 0n, limit: 3 });
    const event = events[1]!;
    const check = () => checkEvent(store, { ...event, eventId: event.id });
    const change = (what: Partial<EventRecord>) => {
      const changed = { ...held.records[1]!, ...what };
      held.records[1] = changed;
      held.streams.get(event.stream)![1] = changed;
    };
    return { held, event, check, change };
  }

  test('as it was written', async () => {
    const { event, check } = await copied();
    expect(await check()).toEqual({ event, state: 'intact' });
  });

  test('changed: what stands there now is given, and that it was changed', async () => {
    const { check, change } = await copied();
    change({ data: '{"number":9}' });
    expect(await check()).toMatchObject({ event: { data: { number: 9 } }, state: 'altered' });
  });

  test('changed with its hash: the copy tells', async () => {
    const { held, check, change } = await copied();
    const changed = { ...held.records[1]!, data: '{"number":9}' };
    change({ ...changed, hash: chainHash(held.records[0]!.hash, changed) });
    expect(await check()).toMatchObject({ event: { data: { number: 9 } }, state: 'altered' });
  });

  test('changed so that nobody can read it, and gone', async () => {
    const { held, check, change } = await copied();
    change({ version: 99 });
    expect(await check()).toEqual({ event: undefined, state: 'altered' });
    held.records.splice(1);
    expect(await check()).toEqual({ event: undefined, state: 'missing' });
  });
});
