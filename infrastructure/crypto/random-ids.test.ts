import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { isProjectId } from '../../domain/project/project-id.ts';
import { RandomIds } from './random-ids.ts';

const ids = new RandomIds(randomBytes(32));

test('random ids are well-formed and differ', () => {
  const some = Array.from({ length: 50 }, () => [ids.uuid(), ids.projectId()] as const);
  expect(new Set(some.flat()).size).toBe(100);
  expect(some.every(([uuid, project]) => /^[0-9a-f-]{36}$/.test(uuid) && isProjectId(project))).toBe(true);
  expect(ids.random()).toBeLessThan(1);
});

test('a derived project id follows from owner, key and master key, and from nothing less', () => {
  const id = ids.projectIdFor('own_a', 'key');
  expect(isProjectId(id)).toBe(true);
  expect(ids.projectIdFor('own_a', 'key')).toBe(id);
  expect(ids.projectIdFor('own_b', 'key')).not.toBe(id);
  expect(ids.projectIdFor('own_a', 'other')).not.toBe(id);
  expect(ids.projectIdFor('own_ak', 'ey')).not.toBe(id);
  expect(new RandomIds(randomBytes(32)).projectIdFor('own_a', 'key')).not.toBe(id);
});

test('a derived UUID is version 8 and the same for the same text', () => {
  expect(ids.uuidFor('a')).toBe(new RandomIds(randomBytes(32)).uuidFor('a'));
  expect(ids.uuidFor('a')).not.toBe(ids.uuidFor('b'));
  for (let index = 0; index < 50; index++) {
    expect(ids.uuidFor(String(index))).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  }
});
