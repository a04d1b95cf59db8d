import { expect, test, vi } from 'vitest';
import { passwordsContract } from '../../application/ports/passwords.contract.ts';
import { Argon2Passwords } from './argon2-passwords.ts';

passwordsContract('argon2', new Argon2Passwords(), new Argon2Passwords({ concurrency: 1, queueLength: 3 }));

test('the parameters are those that OWASP recommends', async () => {
  expect(await new Argon2Passwords().hash('correct horse battery')).toMatch(
    /^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$/,
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

test('who sends many waits for themselves: others are served in between, and their own are bounded', async () => {
  const passwords = new Argon2Passwords({ concurrency: 1, queueLengthEach: 4 });
  const done: string[] = [];
  const verify = (who: string) =>
    passwords.verify(undefined, 'a password', who).then(
      () => void done.push(who),
      () => void done.push(`${who} refused`),
    );
  const many = Array.from({ length: 8 }, () => verify('192.0.2.1'));
  await Promise.all([...many, verify('192.0.2.2'), verify('2001:db8::1')]);
  expect(done.filter((who) => who === '192.0.2.1 refused')).toHaveLength(3);
  const served = done.filter((who) => !who.endsWith('refused'));
  expect(served.indexOf('192.0.2.2')).toBeLessThanOrEqual(2);
  expect(served.indexOf('2001:db8::1')).toBeLessThanOrEqual(4);
});
