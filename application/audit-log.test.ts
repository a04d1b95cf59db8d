import { expect, test } from 'vitest';
import { contractCatalogue, newEvents, newStream } from './ports/event-store.contract.ts';
import {
  InMemoryEventStore,
  InMemoryLog,
} from '../infrastructure/event-store/memory/in-memory-event-store.ts';
import { LogVerification } from './audit-log.ts';

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
