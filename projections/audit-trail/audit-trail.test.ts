import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import { subjectOf, withoutSealed } from './audit-trail.ts';

const PROJECT = 'proj_0123456789abcdef';

const event = (stream: string, type: string, data: unknown = {}): StoredEvent => ({
  id: '00000000-0000-4000-8000-000000000000',
  stream,
  type,
  data,
  metadata: { correlationId: 'c', causationId: null, actor: { kind: 'system', id: 'test' }, reason: 'test' },
  revision: 0,
  position: 1n,
  schemaVersion: 1,
  recordedAt: new Date(0),
  hash: '',
});

test.each([
  [`project-${PROJECT}`, 'ProjectRequested', { ownerId: 'own_1' }, { projectId: PROJECT, ownerId: 'own_1' }],
  [`project-${PROJECT}`, 'ProjectRequested', { ownerId: 7 }, { projectId: PROJECT, ownerId: null }],
  [`project-${PROJECT}`, 'SpareRequested', {}, { projectId: PROJECT, ownerId: null }],
  [`project-${PROJECT}`, 'SpareClaimed', { ownerId: 'own_1' }, { projectId: PROJECT, ownerId: 'own_1' }],
  // only the birth of a project says whose it is
  [`project-${PROJECT}`, 'ProjectRenamed', { ownerId: 'own_2' }, { projectId: PROJECT, ownerId: null }],
  ['project-../../etc', 'ProjectRequested', { ownerId: 'own_1' }, undefined],
  [
    'projectname-own_1-my-shop-2',
    'ProjectNameReserved',
    { projectId: PROJECT },
    { projectId: PROJECT, ownerId: 'own_1' },
  ],
  ['projectname-own_1-x', 'ProjectNameFreed', { projectId: '💥' }, { projectId: null, ownerId: 'own_1' }],
  ['owner-own_1', 'OwnerSignedIn', {}, { projectId: null, ownerId: 'own_1' }],
  ['test-1', 'Noted', {}, undefined],
])('whom %s %s is about', (stream, type, data, subject) => {
  expect(subjectOf(event(stream, type, data))).toEqual(subject);
});

test('what is sealed is taken out at any depth, and nothing else', () => {
  expect(
    withoutSealed({ secrets: 1, a: [{ sealedEmail: 'x', b: null }], c: 'secrets', ['__proto__']: { d: 1 } }),
  ).toEqual({ a: [{ b: null }], c: 'secrets', ['__proto__']: { d: 1 } });
});

test('of no event, as it is written, is anything sealed left', () => {
  const folder = new URL('../../infrastructure/event-store/codec/golden/', import.meta.url);
  const texts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
  const isSealed = (text: string) => /"(ciphertext|sealed\w*)":/.test(text);
  expect(texts.filter(isSealed).length).toBeGreaterThan(5);
  for (const text of texts) expect(JSON.stringify(withoutSealed(JSON.parse(text)))).not.toSatisfy(isSealed);
});
