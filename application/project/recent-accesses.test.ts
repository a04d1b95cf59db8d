import { expect, test } from 'vitest';
import { InMemoryEventStore } from '../../infrastructure/event-store/memory/in-memory-event-store.ts';
import { eventCatalogue } from '../../infrastructure/event-store/codec/event-catalogue.ts';
import { RandomIds } from '../../infrastructure/crypto/random-ids.ts';
import { projectAccessStream, projectId } from '../../domain/project/project-id.ts';
import { readOrEmpty } from '../handle.ts';
import { RateLimited } from '../ports/rate-limits.ts';
import { RecentAccesses } from './recent-accesses.ts';
import { recordAccess } from './record-access.ts';

const PROJECT = projectId('proj_00000000000000aa');
const time = { ms: 0 };
const clock = { elapsedMs: () => time.ms };

function recorder(options = {}) {
  const store = new InMemoryEventStore({ catalogue: eventCatalogue });
  const recent = new RecentAccesses(clock, options);
  const look = (ip = '192.0.2.1', shownWith: 'keys' | 'connection' = 'keys', actor = 'own_1') =>
    recordAccess(
      { store, ids: new RandomIds(Buffer.alloc(32)), recent },
      PROJECT,
      { type: 'ApiKeysRevealed', data: { projectId: PROJECT, with: shownWith } },
      { correlationId: 'c', causationId: null, actor: { kind: 'owner', id: actor }, reason: 'GET', ip },
    );
  const count = async () => (await readOrEmpty(store, projectAccessStream(PROJECT))).length;
  return { look, count, recent };
}

test('who looks 2,000 times at the same leaves one event a minute', async () => {
  const { look, count } = recorder();
  await Promise.all(Array.from({ length: 2_000 }, () => look()));
  expect(await count()).toBe(1);
  time.ms += 59_999;
  await look();
  expect(await count()).toBe(1);
  time.ms += 1;
  await look();
  expect(await count()).toBe(2);
});

test('another one, from elsewhere, or something else is news', async () => {
  const { look, count } = recorder();
  await look();
  await look('192.0.2.2');
  await look('192.0.2.1', 'connection');
  await look('192.0.2.1', 'keys', 'own_2');
  expect(await count()).toBe(4);
});

test('what could not be recorded is recorded by the next, and shown to nobody before', async () => {
  const recent = new RecentAccesses(clock);
  const away = () => Promise.reject(new Error('away'));
  await expect(recent.once(PROJECT, 'same', away)).rejects.toThrow('away');
  let written = 0;
  await recent.once(PROJECT, 'same', async () => void written++);
  expect(written).toBe(1);
});

test('different ones are bounded in a day, before anything is done', async () => {
  const { look, recent } = recorder({ mostInADay: 2 });
  await look('192.0.2.1');
  recent.requireRoom(PROJECT);
  await look('192.0.2.2');
  expect(() => recent.requireRoom(PROJECT)).toThrow(RateLimited);
  time.ms += 24 * 3600 * 1000;
  recent.requireRoom(PROJECT);
});
