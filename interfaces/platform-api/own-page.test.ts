import { describe, expect, test } from 'vitest';
import { requireMark, requireOwnPage } from './own-page.ts';

const HOST = 'db.example.com';
const forbidden = expect.objectContaining({
  problem: expect.objectContaining({ code: 'request/forbidden', status: 403 }) as unknown,
}) as Error;

test.each([undefined, '', '0', 'true', ' 1', '1, 1', '01'])('a mark that is %j is none', (mark) => {
  expect(() => requireMark({ 'x-launchdb-console': mark })).toThrow(forbidden);
});

test('the mark is enough', () => {
  expect(() => requireMark({ 'x-launchdb-console': '1' })).not.toThrow();
});

describe.each([
  ['http://localhost:8080', 'http://localhost:8080'],
  ['https://db.example.com/', 'https://db.example.com'],
])('at %s', (publicUrl, origin) => {
  test.each([
    {},
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { origin },
    { origin: `https://${HOST}`, 'sec-fetch-site': 'same-origin' },
  ])('a page of ours: %j', (headers) => {
    expect(() => requireOwnPage(publicUrl, { host: HOST, ...headers })).not.toThrow();
  });

  test.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': '' },
    { 'sec-fetch-site': 'same-origin, cross-site' },
    { 'sec-fetch-site': 'Same-Origin' },
    { origin, 'sec-fetch-site': 'cross-site' },
    { origin: 'null' },
    { origin: '' },
    { origin: `${origin}/` },
    { origin: `${origin}.evil.example` },
    { origin: `${origin}, https://evil.example` },
    { origin: `https://evil.example/${HOST}` },
    { origin: `https://x.${HOST}` },
    { origin: HOST },
    { origin: `https://${HOST}:8443` },
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
  ])('another one: %j', (headers) => {
    expect(() => requireOwnPage(publicUrl, { host: HOST, ...headers })).toThrow(forbidden);
  });
});

test('a page without TLS is none of ours where the platform has it', () => {
  const origin = `http://${HOST}`;
  expect(() => requireOwnPage(`https://${HOST}`, { host: HOST, origin })).toThrow(forbidden);
  expect(() => requireOwnPage('http://localhost:8080', { host: HOST, origin })).not.toThrow();
  expect(() => requireOwnPage('http://localhost:8080', { origin: 'https://' })).toThrow(forbidden);
});
