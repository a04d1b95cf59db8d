/** How the admin API is asked; that the service answers so is for the acceptance test. */
import { expect, test } from 'vitest';
import { authAdmin } from './auth-admin.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

function asking(answer: () => Response) {
  const asked: Asked[] = [];
  const admin = authAdmin((path, init) => {
    const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : undefined;
    asked.push({ method: init?.method ?? 'GET', path, body });
    return Promise.resolve(answer());
  });
  return { admin, asked };
}

test('a page of users: the page comes first in the query, and the total is of the header', async () => {
  const headers = { 'x-total-count': '101' };
  const { admin, asked } = asking(() => Response.json({ users: [] }, { headers }));
  expect(await admin.list({ page: 3, perPage: 50, filter: 'a&b=c' })).toEqual({ users: [], total: 101 });
  expect(asked[0]?.path).toBe('/admin/users?page=3&per_page=50&filter=a%26b%3Dc');
});

test('an id is a part of the path and no more', async () => {
  const { admin, asked } = asking(() => Response.json({}));
  await admin.show('../x');
  await admin.endSessions('a', null);
  await admin.endSessions('a', 'b/c');
  await admin.remove('a', true);
  expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['GET', '/admin/users/..%2Fx', undefined],
    ['DELETE', '/admin/users/a/sessions', undefined],
    ['DELETE', '/admin/users/a/sessions/b%2Fc', undefined],
    ['DELETE', '/admin/users/a', { should_soft_delete: true }],
  ]);
});
