import { expect, test } from 'vitest';
import { codeChallengeOf, InvalidChallenge } from './pkce.ts';

const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

test.each([
  [challenge, 's256', 's256'],
  [challenge, 'S256', 's256'],
  [challenge, 'plain', 'plain'],
  [`${'~'.repeat(127)}.`, 'Plain', 'plain'],
])('%s %s', (given, method, kind) =>
  expect(codeChallengeOf(given, method)).toEqual({ challenge: given, method: kind }),
);

test.each([
  [null, null],
  [undefined, undefined],
  ['', ''],
])('%j %j: none', (given, method) => expect(codeChallengeOf(given, method)).toBeNull());

test.each([
  [challenge, null],
  [null, 's256'],
  [challenge, 's512'],
  [challenge.slice(1), 's256'],
  ['a'.repeat(129), 's256'],
  [`${challenge.slice(1)}+`, 's256'],
  [`${challenge}\n`, 's256'],
  [`${challenge}\0`, 's256'],
])('%j %j: not possible', (given, method) =>
  expect(() => codeChallengeOf(given, method)).toThrow(InvalidChallenge),
);
