import { expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { AuthError } from './auth-error.ts';
import { MailLimits, requirePause, type AskedMail } from './mail-limits.ts';

const [one, other] = ['proj_1', 'proj_2'] as unknown as [ProjectId, ProjectId];
const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1000);
const life = (seconds: number) => ({ now: at(seconds), lifeMs: 3_600_000 });
const codeOf = (work: () => unknown): unknown => {
  try {
    work();
    return 'fine';
  } catch (error) {
    return error instanceof AuthError ? [error.status, error.message] : error;
  }
};

test('a mail of a kind to an address is sent once in a while, in each project', () => {
  const limits = new MailLimits();
  const ask = (
    seconds: number,
    project = one,
    kind: 'recovery' | 'confirmation' = 'recovery',
    to = 'a@b.example',
  ) => codeOf(() => limits.ask(project, [kind], to, 60, at(seconds)));
  expect(ask(0)).toBe('fine');
  expect(ask(1)).toEqual([429, 'For security purposes, you can only request this after 59 seconds.']);
  expect([ask(1, other), ask(1, one, 'confirmation'), ask(1, one, 'recovery', 'c@b.example')]).toEqual(
    Array(3).fill('fine'),
  );
  expect(ask(60)).toBe('fine');
  limits.ask(one, ['email_change'], 'd@b.example', 60, at(0))();
  expect(codeOf(() => limits.ask(one, ['email_change'], 'd@b.example', 60, at(1)))).toBe('fine');
  limits.forget(one, 'a@b.example');
  expect(ask(61)).toBe('fine');
});

test('what may become one of two mails waits for both, and a refusal makes nobody wait longer', () => {
  const limits = new MailLimits();
  const ask = (seconds: number, ...kinds: AskedMail[]) =>
    codeOf(() => limits.ask(one, kinds, 'a@b.example', 60, at(seconds)));
  expect(ask(0, 'recovery')).toBe('fine');
  expect(ask(30, 'confirmation', 'recovery')).not.toBe('fine');
  expect(ask(31, 'confirmation')).toBe('fine');
  expect(ask(60, 'confirmation', 'recovery')).not.toBe('fine');
  expect(ask(91, 'confirmation', 'recovery')).toBe('fine');
  expect(ask(92, 'recovery')).not.toBe('fine');
  limits.ask(one, ['confirmation', 'recovery'], 'b@b.example', 60, at(0))();
  expect(codeOf(() => limits.ask(one, ['recovery'], 'b@b.example', 60, at(1)))).toBe('fine');
});

test('a clock that was set back locks nobody out, and no pause is none', () => {
  expect(codeOf(() => requirePause(at(1_000).getTime(), 60, at(0)))).toBe('fine');
  expect(codeOf(() => requirePause(at(0).getTime(), 0, at(0)))).toBe('fine');
  expect(codeOf(() => requirePause(undefined, 60, at(0)))).toBe('fine');
});

test('ten guesses at a code, and ten at the next one', () => {
  const limits = new MailLimits();
  const tries = (count: number, seconds: number) =>
    Array.from({ length: count }, () => limits.mayTry(one, 'a@b.example', life(seconds)));
  expect(tries(12, 0)).toEqual([...Array<boolean>(10).fill(true), false, false]);
  expect(limits.mayTry(other, 'a@b.example', life(0))).toBe(true);
  limits.newCode(one, 'a@b.example', at(-1));
  expect(tries(1, 1)).toEqual([false]);
  limits.newCode(one, 'a@b.example', at(2));
  expect(tries(11, 2).at(-1)).toBe(false);
  // said again of the same code
  limits.newCode(one, 'a@b.example', at(2));
  expect(tries(1, 2)).toEqual([false]);
  expect(tries(1, 3_700)).toEqual([true]);
});

test('a hundred guesses at hashes from a network in an hour; right ones do not count', () => {
  const limits = new MailLimits();
  const tried = (ip: string) => codeOf(() => limits.tryHash(one, ip, at(0)));
  const all = Array.from({ length: 101 }, () => tried('2001:db8::1'));
  expect([all[99], (all[100] as unknown[])[0]]).toEqual(['fine', 429]);
  expect((tried('2001:db8::2') as unknown[])[0]).toBe(429);
  expect(tried('192.0.2.1')).toBe('fine');
  const wrong = Array.from({ length: 99 }, () => tried('192.0.2.2'));
  for (let count = 0; count < 300; count++) limits.tryHash(one, '192.0.2.2', at(0))();
  expect([wrong.at(-1), tried('192.0.2.2')]).toEqual(['fine', 'fine']);
  expect(tried('192.0.2.2')).not.toBe('fine');
});

test('many addresses take no more room than there is, and none of another project', () => {
  const limits = new MailLimits({ addresses: 3 });
  const ask = (project: ProjectId, to: string) =>
    codeOf(() => limits.ask(project, ['recovery'], to, 60, at(0)));
  expect(ask(other, 'a')).toBe('fine');
  for (const to of ['a', 'b', 'c', 'd']) expect(ask(one, to)).toBe('fine');
  expect(ask(one, 'a')).toBe('fine');
  expect([ask(one, 'd'), ask(other, 'a')]).not.toContain('fine');
});
