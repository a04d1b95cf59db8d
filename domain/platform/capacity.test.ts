import { expect, test } from 'vitest';
import { projectLimit, projectsPerOwner, requireRoom, roomForProjects } from './capacity.ts';

const server = { max: 500, reserved: 10, perProject: 7 };

test('as many projects as their connections and the platform’s own leave room for', () => {
  expect(projectLimit(server)).toBe(62);
  expect(62 * 7 + 55).toBeLessThanOrEqual(490);
  expect(63 * 7 + 55).toBeGreaterThan(490);
  expect(projectLimit({ ...server, max: 20 })).toBe(0);
});

test.each([
  [3, 442],
  [10, 435],
  [40, 435],
  [100, 400],
])('of 500 sessions, of which PostgreSQL keeps %i for superusers, projects may have %i', (reserved, room) => {
  expect(roomForProjects({ max: 500, reserved })).toBe(room);
});

test('the last place is given, and the one after it is not; the refusal has the numbers', () => {
  expect(() => requireRoom({ ...server, used: 61 })).not.toThrow();
  const full = () => requireRoom({ ...server, used: 62 });
  expect(full).toThrow(
    expect.objectContaining({
      code: 'platform/capacity-reached',
      facts: {
        used: 62,
        limit: 62,
        max_connections: 500,
        reserved_connections: 10,
        platform_connections: 55,
        connections_per_project: 7,
      },
    }),
  );
  expect(full).toThrow('62 of 62 projects');
});

test.each([
  [105, undefined, 52],
  [47, undefined, 23],
  [3, undefined, 10],
  [105, 7, 7],
  [105, 0, Infinity],
])('with room for %i, and %s configured, an owner may have %d', (limit, configured, most) => {
  expect(projectsPerOwner(limit, configured)).toBe(most);
});
