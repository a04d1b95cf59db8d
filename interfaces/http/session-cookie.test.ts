import { describe, expect, test } from 'vitest';
import {
  keepingSession,
  OPERATORS,
  removingSession,
  sessionTokenIn,
  setsSession,
  withoutSession,
} from './session-cookie.ts';

const T = 'Aa0-_'.padEnd(43, 'x');
const OPEN = 'http://localhost:8080';
const SECURE = 'https://db.example.com';

test('no script reads it, no other site has it sent, and by TLS nobody else can set it', () => {
  expect(keepingSession(OPEN, T)).toBe(`launchdb=${T}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict`);
  const kept = keepingSession(SECURE, T);
  expect(kept).toBe(`__Host-launchdb=${T}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure`);
  expect(kept).not.toContain('Domain');
  expect(removingSession(SECURE)).toBe(
    '__Host-launchdb=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure',
  );
});

test('an operator’s is another one, and neither is taken for the other', () => {
  expect(keepingSession(OPEN, T, OPERATORS)).toBe(
    `launchdb-operator=${T}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict`,
  );
  expect(removingSession(SECURE, OPERATORS)).toContain('__Host-launchdb-operator=; Path=/; Max-Age=0;');
  expect(sessionTokenIn(OPEN, `launchdb-operator=${T}`)).toBeUndefined();
  expect(sessionTokenIn(OPEN, `launchdb=${T}`, OPERATORS)).toBeUndefined();
  expect(sessionTokenIn(OPEN, `launchdb=x; launchdb-operator=${T}`, OPERATORS)).toBe(T);
  expect(withoutSession(`a=1; launchdb-operator=${T}; __Host-launchdb-operator=${T}`)).toBe('a=1');
  expect(setsSession(`launchdb-operator=${T}; Path=/`)).toBe(true);
});

describe('in the cookies of a request', () => {
  test.each([
    [`launchdb=${T}`, T],
    [`a=1; launchdb=${T};b=2`, T],
    [`${'a=1; '.repeat(2_000)}launchdb=${T}`, T],
    ['', undefined],
    [`LaunchDB=${T}; xlaunchdb=${T}; launchdb2=${T}; a=launchdb=${T}`, undefined],
    // of the other name it is not ours, wherever it came from
    [`__Host-launchdb=${T}`, undefined],
    ['launchdb=', null],
    ['launchdb', null],
    [`launchdb=${T}x`, null],
    [`launchdb="${T}"`, null],
    [`launchdb=${T.slice(1)}%`, null],
    // one of them was put there by somebody else
    [`launchdb=${T}; launchdb=${T.replace('A', 'B')}`, null],
    [`launchdb=${T}; launchdb=${T}`, null],
    [`launchdb=${T}; launchdb =x`, null],
  ])('%.60s', (header, token) => {
    expect(sessionTokenIn(OPEN, header)).toBe(token);
  });

  test('by TLS the plain one is nothing', () => {
    expect(sessionTokenIn(SECURE, `launchdb=${T}`)).toBeUndefined();
    expect(sessionTokenIn(SECURE, `launchdb=${T}; __Host-launchdb=${T}`)).toBe(T);
  });
});

test.each([
  ['a=1', 'a=1'],
  ['a=1;b="2; launchdbx=3', 'a=1;b="2; launchdbx=3'],
  [`launchdb=${T}`, undefined],
  [`launchdb=${T}; a=1`, 'a=1'],
  [`a=1; launchdb=${T}; __Host-launchdb=${T}; launchdb =x; launchdb; b=2`, 'a=1; b=2'],
  [`launchdb=${T};launchdb=${T};launchdb-sign-in=x`, 'launchdb-sign-in=x'],
])('a project is sent none of %s', (header, told) => {
  expect(withoutSession(header)).toBe(told);
});

test.each([
  [`launchdb=${T}; Path=/`, true],
  [`__Host-launchdb=${T}; Secure`, true],
  [' launchdb = x', true],
  ['launchdb', true],
  // browsers keep it without a name, and send it as if it had this one
  [`=launchdb=${T}`, true],
  ['launchdb-sign-in=x; Path=/', false],
  ['a=1; launchdb=2', false],
])('a project cannot set %s: %s', (header, sets) => {
  expect(setsSession(header)).toBe(sets);
});
