import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { PLACEHOLDER_URL } from '../../application/ports/data-apis.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { addressing, fromOutside, withAddress } from './public-address.ts';

const P = projectId('proj_00000000000000aa');
const BELOW = `/project/${P}/rest/v1`;

describe('where a project is', () => {
  test.each([
    [undefined, 'localhost:8080', { prefix: BELOW, scheme: 'http', host: 'localhost:8080' }],
    [undefined, undefined, { prefix: BELOW, scheme: 'http', host: 'localhost' }],
    ['https://db.example.com', 'localhost:8080', { prefix: BELOW, scheme: 'https', host: 'db.example.com' }],
    ['https://x.org:444/db/', 'y', { prefix: `/db${BELOW}`, scheme: 'https', host: 'x.org:444' }],
    [
      'https://db.example.com',
      'proj-00000000000000aa.db.example.com:8443',
      { prefix: '/rest/v1', scheme: 'https', host: 'proj-00000000000000aa.db.example.com:8443' },
    ],
    // another project's name is a host like any other
    [
      undefined,
      'proj-00000000000000bb.x',
      { prefix: BELOW, scheme: 'http', host: 'proj-00000000000000bb.x' },
    ],
  ])('PUBLIC_URL %s, Host %s', (publicUrl, host, expected) => {
    expect(addressing(publicUrl)(host, P)).toEqual(expected);
  });
});

test('paths that PostgREST tells get the prefix; what an owner says stays', () => {
  const long = `/t?id=in.(${'1,'.repeat(2000)}1)`;
  const list = ['Content-Location', '/t?id=eq.1', 'content-location', '//x', 'Content-Location', long];
  expect(fromOutside(list, '/p')).toEqual(['Content-Location', '/p/t?id=eq.1', 'content-location', '//x']);
  const locations = ['/t?id=eq.1', '/t?a=eq.1&b=eq.2', '/login', '//evil/t?id=eq.1', 'https://x/t?id=eq.1'];
  const told = fromOutside(
    locations.flatMap((value) => ['Location', value]),
    '/p',
  );
  expect(told.filter((_, at) => at % 2 === 1)).toEqual([
    '/p/t?id=eq.1',
    '/p/t?a=eq.1&b=eq.2',
    ...locations.slice(2),
  ]);
});

test.each([1, 7, 40, 10_000])('the address gets into the document, in pieces of %i', async (size) => {
  const { host } = new URL(PLACEHOLDER_URL);
  const described = `"host":"${host}:80","basePath":"/rest/v1","schemes":["http"]`;
  const document = `{"swagger":"2.0","info":{"title":"\\"host\\":\\"${host}:80\\""},${described},"paths":{}}`;
  const pieces = document.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
  const through = Readable.from(pieces.map((piece) => Buffer.from(piece))).pipe(
    withAddress({ prefix: '/x/rest/v1', scheme: 'https', host: 'h:1' }),
  );
  expect(await text(through)).toBe(
    document.replace(described, '"host":"h:1","basePath":"/x/rest/v1","schemes":["https"]'),
  );
});
