import { expect, test } from 'vitest';
import { knownAccessTokens, knownTokens } from './known-tokens.ts';
import type { ShownToken } from './ports/user-tokens.ts';

const START_S = 1_800_000_000;
const keysOf = (secret: string) => ({ jwtSecrets: [secret], publicKeys: [] });

function under(claims: ShownToken['claims']) {
  let now = START_S;
  let reads = 0;
  const shown: ShownToken = { sub: 'x', role: 'authenticated', sessionId: undefined, aal: undefined, claims };
  const clock = { now: () => new Date(now * 1000), elapsedMs: () => 0, sleep: () => Promise.resolve() };
  const read = (keys: { readonly jwtSecrets: readonly string[] }) => {
    reads++;
    return Promise.resolve(keys.jwtSecrets[0] === 'right' && now < START_S + 100 ? shown : undefined);
  };
  return {
    tokens: knownTokens({ read }, clock),
    shown,
    at: (seconds: number) => void (now = START_S + seconds),
    reads: () => reads,
  };
}

test('a token is verified once, and again when it is over', async () => {
  const { tokens, shown, at, reads } = under({ exp: START_S + 100 });
  const keys = keysOf('right');
  for (const seconds of [0, 50, 99]) {
    at(seconds);
    expect(await tokens.read(keys, 'a token')).toBe(shown);
  }
  expect(reads()).toBe(1);
  at(100);
  expect(await tokens.read(keys, 'a token')).toBeUndefined();
  expect(reads()).toBe(2);
});

test('by the keys that the project has now, not by those that it had', async () => {
  const { tokens, reads } = under({ exp: START_S + 100 });
  expect(await tokens.read(keysOf('right'), 'a token')).toBeDefined();
  expect(await tokens.read(keysOf('changed'), 'a token')).toBeUndefined();
  expect(reads()).toBe(2);
});

test('what is no token is asked about each time, and another token is another', async () => {
  const { tokens, reads } = under({ exp: START_S + 100 });
  const wrong = keysOf('wrong');
  for (let time = 0; time < 2; time++) expect(await tokens.read(wrong, 'a token')).toBeUndefined();
  const keys = keysOf('right');
  for (const token of ['one', 'other']) expect(await tokens.read(keys, token)).toBeDefined();
  expect(reads()).toBe(4);
});

test.each([{}, { exp: START_S + 100, nbf: START_S + 1 }, { exp: START_S + 100, nbf: 'soon' }])(
  'one that says %j is not kept',
  async (claims) => {
    const { tokens, reads } = under(claims);
    const keys = keysOf('right');
    for (let time = 0; time < 2; time++) await tokens.read(keys, 'a token');
    expect(reads()).toBe(2);
  },
);

test('an access token is verified once, again when it is over, and each time when it is none', async () => {
  let now = START_S;
  const asked: string[] = [];
  const clock = { now: () => new Date(now * 1000), elapsedMs: () => 0, sleep: () => Promise.resolve() };
  const owner = { ownerId: 'o', expiresAt: new Date((START_S + 100) * 1000) };
  const ownerOfAccessToken = (token: string) => {
    asked.push(token);
    return Promise.resolve(token === 'good' && now < START_S + 100 ? owner : undefined);
  };
  const tokens = knownAccessTokens({ ownerOfAccessToken }, clock);
  for (const seconds of [0, 99]) {
    now = START_S + seconds;
    expect(await tokens.ownerOfAccessToken('good')).toBe(owner);
    expect(await tokens.ownerOfAccessToken('bad')).toBeUndefined();
  }
  expect(asked).toEqual(['good', 'bad', 'bad']);
  now = START_S + 100;
  expect(await tokens.ownerOfAccessToken('good')).toBeUndefined();
});
