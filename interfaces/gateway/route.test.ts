import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isProjectId } from '../../domain/project/project-id.ts';
import { routeOf } from './route.ts';

const A = 'proj_00000000000000aa';
const B = 'proj_00000000000000bb';

describe('routes', () => {
  test.each([
    ['/', { kind: 'platform', path: '/' }],
    ['/?x=1', { kind: 'platform', path: '/?x=1' }],
    ['/console', { kind: 'platform', path: '/console' }],
    ['/console/assets/a-1_B.js', { kind: 'platform', path: '/console/assets/a-1_B.js' }],
    ['/health', { kind: 'own', page: 'health' }],
    ['/ready', { kind: 'own', page: 'ready' }],
    ['/api', { kind: 'platform', path: '/api' }],
    ['/api/projects?limit=1', { kind: 'platform', path: '/api/projects?limit=1' }],
    ['/docs', { kind: 'platform', path: '/docs' }],
    ['/openapi.json', { kind: 'platform', path: '/openapi.json' }],
    [`/project/${A}/rest/v1`, { kind: 'data-api', project: A, path: '/' }],
    [`/project/${A}/rest/v1/`, { kind: 'data-api', project: A, path: '/' }],
    [`/project/${A}/rest/v1?select=a`, { kind: 'data-api', project: A, path: '/?select=a' }],
    [
      `/project/${A}/rest/v1/t?a=eq."x y"&b=in.(1,2)`.replace(' ', '+'),
      { kind: 'data-api', project: A, path: '/t?a=eq."x+y"&b=in.(1,2)' },
    ],
    [`/project/${A}/rest/v1/rpc/f?a=%2F..%2f`, { kind: 'data-api', project: A, path: '/rpc/f?a=%2F..%2f' }],
    [`/project/${A}/todos?id=eq.1`, { kind: 'data-api', project: A, path: '/todos?id=eq.1' }],
    [`/project/${A}/a.b`, { kind: 'data-api', project: A, path: '/a.b' }],
    [`/project/${A}/%C3%BC`, { kind: 'data-api', project: A, path: '/%C3%BC' }],
    [`/project/${A}/auth/v1/token`, { kind: 'auth', project: A, path: `/project/${A}/auth/v1/token` }],
    [`/project/${A}/storage/v1`, { kind: 'storage', project: A, path: `/project/${A}/storage/v1` }],
  ])('%s', (target, wanted) => {
    expect(routeOf(target)).toEqual(wanted);
  });

  test.each([
    '/apix',
    '/API/projects',
    '/docs/',
    '/constructor',
    '/__proto__',
    '/project',
    `/project/${A}`,
    `/project/${A}/`,
    `/project/${A}/todos/`,
    `/project/${A}/todos/1`,
    `/project/${A}/rest/v2/todos`,
    `/project/${A}/%72est/v1/todos`,
    `/project/${A.toUpperCase()}/rest/v1/todos`,
    '/project/proj_a/rest/v1/todos',
    `/project/%70roj_00000000000000aa/rest/v1/todos`,
    `/Project/${A}/rest/v1/todos`,
  ])('%s is not there', (target) => {
    expect(routeOf(target)).toEqual({ kind: 'not-found' });
  });

  test.each([
    '',
    '*',
    'example.org:443',
    'http://evil/api/projects',
    `//evil/project/${A}/rest/v1/t`,
    `/project/${A}/rest/v1/../../${B}/rest/v1/t`,
    `/project/${A}/rest/v1/..`,
    `/project/${A}/rest/v1/./t`,
    `/project/${A}/rest/v1/%2e%2e/t`,
    `/project/${A}/rest/v1/.%2E/t`,
    `/project/${A}/rest/v1/%2e`,
    `/project/${A}/rest/v1//t`,
    `/project//${A}/rest/v1/t`,
    `/project/${A}/rest/v1/a%2fb`,
    `/project/${A}/a%2Fb`,
    `/project/${A}/rest/v1/a\\b`,
    `/project/${A}/rest/v1/a%5cb`,
    `/project/${A}/rest/v1/t%00`,
    `/project/${A}/rest/v1/t%0d%0aX: 1`,
    `/project/${A}/rest/v1/t\0`,
    `/project/${A}/rest/v1/%ff`,
    `/project/${A}/rest/v1/%c0%ae%c0%ae/t`,
    `/project/${A}/rest/v1/%2`,
    `/project/${A}/rest/v1/%zz`,
    `/project/${A}/rest/v1/t#x`,
    `/project/${A}/rest/v1/t?a=1#x`,
    `/project/${A}/rest/v1/t?a=1 2`,
    `/project/${A}/rest/v1/t?a=\n`,
    '/api/../project',
    '/api//projects',
    '/health/%2e%2e',
  ])('%j is refused', (target) => {
    expect(routeOf(target)).toMatchObject({ kind: 'malformed' });
  });
});

describe('hostile targets', () => {
  const text =
    '/ / / // .. . %2e %2E%2e %2f %5C \\ %00 %0d%0a % %25 ? # & ; @ : project rest v1 api rpc todos http:';
  const routes = ['/project/', `/project/${A}/`, `/project/${A}/rest/v1/`, '/rest/v1/', '/../'];
  const pieces = fc.oneof(
    fc.constantFrom(...text.split(' '), ...routes, ' ', '\0', A, B),
    fc.string({ maxLength: 4 }),
  );
  const beginnings = fc.constantFrom(
    '',
    '/',
    `/project/${A}/`,
    `/project/${A}/rest/v1`,
    `/project/${A}/rest/v1/`,
  );
  const targets = fc
    .tuple(beginnings, fc.array(pieces, { maxLength: 12 }))
    .map(([beginning, list]) => beginning + list.join(''));

  test('never lead out of the project that the text names', () => {
    fc.assert(
      fc.property(targets, (target) => {
        const route = routeOf(target);
        if (route.kind !== 'data-api') return;
        expect(isProjectId(route.project)).toBe(true);
        const base = `/project/${route.project}`;
        expect([
          base + route.path,
          `${base}/rest/v1${route.path}`,
          `${base}/rest/v1${route.path.slice(1)}`,
        ]).toContain(target);
        expectSettled(route.path);
        expectSettled(target);
      }),
      { numRuns: 5000 },
    );
  });

  test('never lead out of /api', () => {
    fc.assert(
      fc.property(targets, (rest) => {
        const route = routeOf(`/api/${rest}`);
        expect(['platform', 'malformed']).toContain(route.kind);
        if (route.kind === 'platform') {
          expect(route.path).toBe(`/api/${rest}`);
          expectSettled(route.path);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test('the query goes on byte for byte', () => {
    const query = fc.string({
      unit: fc.constantFrom(...'abc019%=&?/\\.:;,()[]{}"\'<>|^`~!*+-_$@é\u0080ÿ'.split('')),
    });
    fc.assert(
      fc.property(query, (text) => {
        const route = routeOf(`/project/${A}/rest/v1/todos?${text}`);
        expect(route).toEqual({ kind: 'data-api', project: A, path: `/todos?${text}` });
      }),
    );
  });
});

/** A reader that normalises, even after decoding once, finds nothing to change in the path. */
function expectSettled(path: string): void {
  const [plain = ''] = path.split('?');
  expect(new URL(plain, 'http://upstream').pathname).toBe(plain);
  const once = decodeURIComponent(plain);
  expect(once.split('/')).toHaveLength(plain.split('/').length);
  expect(once.split('/').some((segment) => segment === '.' || segment === '..')).toBe(false);
  expect(once).not.toContain('\\');
}
