import { createCipheriv, scryptSync } from 'node:crypto';
import bcrypt from 'bcrypt';
import { describe, expect, test, vi } from 'vitest';
import { passwordsContract } from '../../application/ports/passwords.contract.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { Argon2Passwords, hashesAtOnce } from './argon2-passwords.ts';

passwordsContract('argon2', new Argon2Passwords(), new Argon2Passwords({ concurrency: 1, queueLength: 3 }));

const SMALL = { memoryKib: 1_024, passes: 1 } as const;

test('the parameters are those that OWASP recommends, in the order of the reference implementation', async () => {
  expect(await new Argon2Passwords().hash('correct horse battery')).toMatch(
    /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/,
  );
});

test('who waits too long for a turn is sent away, and the turn is not lost', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const passwords = new Argon2Passwords({ concurrency: 1, maxWaitMs: 1_000 });
  const settled = Promise.allSettled(
    Array.from({ length: 4 }, () => passwords.hash('correct horse battery')),
  );
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  expect((await settled).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'rejected',
  ]);
  expect(await passwords.hash('correct horse battery')).toContain('argon2id');
});

test('who floods it waits and is sent away themselves: another project, address or network is served in between', async () => {
  const passwords = new Argon2Passwords({ ...SMALL, concurrency: 1, queueLength: 6 });
  const project = projectId(`proj_${'a'.repeat(16)}`);
  const done: string[] = [];
  const verify = (name: string, address: string, ofProject?: typeof project) =>
    passwords
      .verify(undefined, 'a password', { address, ...(ofProject && { project: ofProject }) })
      .then(() => void done.push(name))
      .catch(() => void done.push(`${name} refused`));
  const flood = Array.from({ length: 8 }, (_, at) => verify('flood', `2001:db8::${at}`));
  await Promise.all([
    ...flood,
    verify('other address', '192.0.2.1'),
    verify('project', '192.0.2.1', project),
  ]);
  expect(done.filter((name) => name === 'flood refused')).toHaveLength(3);
  const served = done.filter((name) => !name.endsWith('refused'));
  expect(served.slice(0, 3).toSorted()).toEqual(['flood', 'other address', 'project']);
});

test('hashes have a core each, and leave two threads of the pool', () => {
  expect([1, 2, 4, 16].map((cores) => hashesAtOnce(4, 1, cores))).toEqual([1, 2, 2, 2]);
  expect(hashesAtOnce(18, 1, 16)).toBe(16);
  expect(hashesAtOnce(18, 4, 16)).toBe(4);
  expect(hashesAtOnce(1, 16, 2)).toBe(1);
});

test.each([{ memoryKib: 2_048 }, { passes: 2 }, { lanes: 2 }])(
  'with other parameters, %j, what was made before still fits, and is outdated',
  async (other) => {
    const [before, now] = [new Argon2Passwords(SMALL), new Argon2Passwords({ ...SMALL, ...other })];
    const old = await before.hash('correct horse battery');
    expect(await now.verify(old, 'correct horse battery')).toBe(true);
    expect([before.isOutdated(old), now.isOutdated(old)]).toEqual([false, true]);
    expect(now.isOutdated(await now.hash('correct horse battery'))).toBe(false);
  },
);

test('the parameters that it is given are those of what it makes', async () => {
  const made = await new Argon2Passwords({ memoryKib: 2_048, passes: 3, lanes: 2 }).hash('x');
  expect(made).toContain('$m=2048,t=3,p=2$');
});

describe('hashes of others', () => {
  const passwords = new Argon2Passwords(SMALL);
  const firebase = (signer: string, rest: string) =>
    `$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=${signer}$${rest}`;
  const vectors = {
    'argon2id of the reference implementation': [
      'password',
      '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
    ],
    argon2i: [
      'password',
      '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8',
    ],
    'argon2i of its first version, without a number': [
      'password',
      '$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY',
    ],
    'ours, as they once were': [
      'correct horse battery',
      '$argon2id$v=19$m=1024,p=1,t=1$c29tZXNhbHRzb21lc2FsdA$Tikn65VjNKv9r3419wmSJI1jHoKt7UrMWJlLmO7lXpU',
    ],
    'bcrypt 2a': ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    'bcrypt 2b': ['U*U', '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    'bcrypt 2y, as PHP': ['U*U', '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    'bcrypt of nothing': ['', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
    'bcrypt, beyond its 72 bytes': [
      '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored',
      '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui',
    ],
    'scrypt as Firebase documents it': [
      'user1password',
      firebase(
        'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
        '42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
      ),
    ],
    'scrypt as GoTrue tests it': [
      'mytestpassword',
      firebase(
        'ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==',
        'C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==',
      ),
    ],
  } as const;

  test.each(Object.entries(vectors))('%s', async (_, [password, hash]) => {
    expect(await passwords.verify(hash, password)).toBe(true);
    expect(await passwords.verify(hash, `x${password}`)).toBe(false);
    expect(passwords.isOutdated(hash)).toBe(!/^\$argon2id.*m=1024/.test(hash));
  });

  test('a long password does not go round in bcrypt: 255 bytes are not none', async () => {
    const hash = (await bcrypt.hash('xy'.repeat(36), 4)).replace('$2b$', '$2a$');
    expect(await passwords.verify(hash, `${'xy'.repeat(127)}x`)).toBe(true);
    expect(await passwords.verify(hash, 'x'.repeat(255))).toBe(false);
  });

  test('were made from the text as it was given, whatever its Unicode form', async () => {
    const given = 'cafe\u0301 au lait';
    expect(await passwords.verify(await bcrypt.hash(given, 4), given)).toBe(true);
    expect(await passwords.verify(await bcrypt.hash(given.normalize('NFC'), 4), given)).toBe(true);
  });

  test('scrypt may have more memory than OpenSSL gives it by default', async () => {
    const [salt, signer] = [Buffer.from('some salt'), Buffer.from('a signer key of some bytes')];
    const key = scryptSync('password', salt, 32, { N: 2 ** 15, r: 8, maxmem: 2 ** 27 });
    const hash = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(signer);
    const [a, b, c] = [signer, salt, hash].map((bytes) => bytes.toString('base64'));
    expect(await passwords.verify(`$fbscrypt$v=1,n=15,r=8,p=1,sk=${a}$${b}$${c}`, 'password')).toBe(true);
  });

  test('a text that takes seconds to normalise is not normalised', async () => {
    const endless = `a${'\u0301\u0316'.repeat(50_000)}`;
    const normalise = vi.spyOn(String.prototype, 'normalize');
    expect(await passwords.verify(undefined, endless)).toBe(false);
    expect(normalise).not.toHaveBeenCalled();
    normalise.mockRestore();
  });
});
