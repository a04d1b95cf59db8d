import { expect, test } from 'vitest';
import { isElsewhere, keeping, keyIn } from './browser-key.ts';

const home = { url: 'https://db.example/below/project/proj_0123456789abcdef/auth/v1' };
const plain = { url: 'http://localhost:8080/project/proj_0123456789abcdef/auth/v1' };
const key = 'k'.repeat(43);

test('it is kept for the project’s auth service alone, for ten minutes, and by TLS where there is TLS', () => {
  expect(keeping(home, key).split('; ')).toEqual([
    `__Secure-launchdb-sign-in=${key}`,
    'Path=/below/project/proj_0123456789abcdef/auth/v1',
    'Max-Age=600',
    'HttpOnly',
    'SameSite=Lax',
    'Secure',
  ]);
  expect(keeping(plain, key)).not.toContain('Secure');
});

test('it is read among others, and is none where it has another shape', () => {
  for (const place of [home, plain]) {
    const [pair = ''] = keeping(place, key).split('; ');
    expect(keyIn(place, `a=b; ${pair};c=d`)).toBe(key);
    for (const cookies of [undefined, '', 'a=b', `${pair}x`, `x${pair}`, pair.slice(0, -1), `${pair}"`])
      expect([cookies, keyIn(place, cookies)]).toEqual([cookies, undefined]);
  }
  // somebody between a browser and a platform with TLS could set the one without
  expect(keyIn(home, `launchdb-sign-in=${key}`)).toBeUndefined();
});

test('another host, or port, than that where people are sent back to is elsewhere', () => {
  for (const [place, host, expected] of [
    [home, 'db.example', false],
    [home, 'DB.Example', false],
    [home, 'proj-0123456789abcdef.db.example', true],
    [home, 'db.example:8443', true],
    [home, undefined, false],
    [plain, 'localhost:8080', false],
    [plain, '127.0.0.1:8080', true],
  ] as const)
    expect([host, isElsewhere(place, host)]).toEqual([host, expected]);
});
