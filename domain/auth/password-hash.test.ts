import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashKind, parsePasswordHash } from './password-hash.ts';

const [SALT, HASH] = ['c29tZXNhbHQ', 'CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'];
const argon2 = (parameters: string, name = 'argon2id', version = 'v=19$') =>
  `$${name}$${version}${parameters}$${SALT}$${HASH}`;
const bcrypt = (cost: string, name = '2b') =>
  `$${name}$${cost}$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW`;
const firebase = (parameters: string, rest = 'c2FsdA==$aGFzaA==') => `$fbscrypt$v=1,${parameters}$${rest}`;

test.each([
  [argon2('m=19456,t=2,p=1'), 'argon2'],
  [argon2('m=19456,p=1,t=2'), 'argon2'],
  [argon2('m=65536,t=4,p=1', 'argon2i'), 'argon2'],
  [argon2('m=102400,t=2,p=8', 'argon2id', 'v=16$'), 'argon2'],
  [argon2('m=65536,t=3,p=4', 'argon2id', ''), 'argon2'],
  [bcrypt('10'), 'bcrypt'],
  [bcrypt('04', '2a'), 'bcrypt'],
  [bcrypt('15', '2y'), 'bcrypt'],
  [firebase('n=14,r=8,p=1,ss=Bw==,sk=c2lnbmVy'), 'firebase-scrypt'],
  [firebase('n=14,r=8,p=1,sk=c2lnbmVy'), 'firebase-scrypt'],
  [firebase('n=14,r=8,p=1,ss=,sk=c2lnbmVy'), 'firebase-scrypt'],
])('%s is taken', (text, kind) => {
  expect(hashKind(text)).toBe(kind);
});

test('what is read out of it', () => {
  expect(parsePasswordHash(argon2('m=65536,t=3,p=4', 'argon2i', ''))).toEqual({
    kind: 'argon2',
    variant: 'argon2i',
    version: 16,
    memoryKib: 65_536,
    passes: 3,
    lanes: 4,
    salt: SALT,
    hash: HASH,
  });
  expect(parsePasswordHash(firebase('n=14,r=8,p=1,ss=Bw==,sk=c2lnbmVy'))).toEqual({
    kind: 'firebase-scrypt',
    rounds: 16_384,
    blockSize: 8,
    lanes: 1,
    saltSeparator: 'Bw==',
    signerKey: 'c2lnbmVy',
    salt: 'c2FsdA==',
    hash: 'aGFzaA==',
  });
});

describe('what would take too much is not taken', () => {
  test.each([
    argon2('m=4194304,t=1,p=1'),
    argon2('m=131073,t=1,p=1'),
    argon2('m=131072,t=5,p=1'),
    argon2('m=19456,t=4294967295,p=1'),
    argon2('m=19456,t=2,p=17'),
    bcrypt('16'),
    bcrypt('31'),
    firebase('n=18,r=8,p=1,ss=Bw==,sk=c2lnbmVy'),
    firebase('n=1,r=4294967295,p=1,ss=Bw==,sk=c2lnbmVy'),
    firebase('n=14,r=8,p=4294967295,ss=Bw==,sk=c2lnbmVy'),
    firebase('n=9999999999,r=8,p=1,ss=Bw==,sk=c2lnbmVy'),
  ])('%s', (text) => {
    expect(hashKind(text)).toBeUndefined();
  });
});

describe('what is no hash is not taken', () => {
  test.each([
    '',
    'secret',
    '$argon2id$',
    argon2('m=19456,t=2'),
    argon2('m=19456,t=2,t=2'),
    argon2('m=19456,t=2,p=1,data=AAAA'),
    argon2('m=19456,t=0,p=1'),
    argon2('m=19456,t=2,p=0'),
    argon2('m=31,t=2,p=4'),
    argon2('m=19456,t=2,p=1', 'argon2d'),
    argon2('m=19456,t=2,p=1', 'argon2id', 'v=20$'),
    argon2('m=19456,t=2,p=1').replace(SALT, 'c2FsdA'),
    argon2('m=19456,t=2,p=1').replace(HASH, HASH.slice(0, 10)),
    `${argon2('m=19456,t=2,p=1')} `,
    `${argon2('m=19456,t=2,p=1')}\n`,
    bcrypt('03'),
    bcrypt('10', '2x'),
    bcrypt('10').slice(0, -1),
    `${bcrypt('10')}x`,
    firebase('n=14,r=8,p=1,ss=Bw=='),
    firebase('n=0,r=8,p=1,ss=Bw==,sk=c2lnbmVy'),
    firebase('n=14,r=0,p=1,ss=Bw==,sk=c2lnbmVy'),
    firebase('n=14,r=8,p=0,ss=Bw==,sk=c2lnbmVy'),
    firebase('n=14,r=8,p=1,ss=Bw==,sk=c2lnbmVy', 'c2FsdA=='),
    firebase('n=14,r=8,p=1,ss=Bw==,sk=c2lnbmVy').replace('v=1', 'v=2'),
  ])('%j', (text) => {
    expect(hashKind(text)).toBeUndefined();
  });

  test('whatever the text', () => {
    const part = fc.constantFrom(
      '$',
      'argon2id',
      'v=19',
      'm=9',
      't=1',
      'p=1',
      ',',
      '2b',
      '10',
      'fbscrypt',
      SALT,
      HASH,
    );
    const text = fc.array(fc.oneof(part, fc.string()), { maxLength: 40 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (given) =>
        ['argon2', 'bcrypt', 'firebase-scrypt', undefined].includes(hashKind(given)),
      ),
    );
  });
});
