/** How every outbox keeps mails until they are sent, once. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { aMail } from './mailer.contract.ts';
import type { ClaimedMail, MailOutbox } from './mail-outbox.ts';
import type { Mail } from './user-directory.ts';

export interface MailOutboxHarness {
  readonly outbox: MailOutbox;
  readonly project: ProjectId;
  /** as a use case does */
  readonly add: (mail: Mail) => Promise<void>;
  readonly empty: () => Promise<void>;
  /** so long ago everything is, from now on */
  readonly age: (ms: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

const LEASE_MS = 60_000;
const DAY_MS = 86_400_000;

export function mailOutboxContract(name: string, make: () => Promise<MailOutboxHarness>): void {
  describe(`${name}: an outbox`, () => {
    let h: MailOutboxHarness;
    beforeAll(async () => {
      h = await make();
    });
    beforeEach(() => h.empty());
    afterAll(() => h.close());

    const mail = (minute: number) =>
      aMail({
        id: `11111111-1111-4111-8111-1111111111${String(minute).padStart(2, '0')}`,
        createdAt: new Date(Date.UTC(2026, 0, 1, 0, minute)),
      });
    const claimed = async (leaseMs = LEASE_MS): Promise<ClaimedMail> => {
      const { mail: found } = await h.outbox.claim(h.project, leaseMs);
      if (!found) throw new Error('nothing is due');
      return found;
    };
    const states = async () => (await h.outbox.list(h.project, 10)).map(({ state }) => state);

    test('gives out what has waited longest, once, and whole', async () => {
      await h.add(mail(2));
      await h.add(mail(1));
      expect(await claimed()).toMatchObject({ ...mail(1), tries: 1 });
      expect(await claimed()).toMatchObject({ ...mail(2), tries: 1 });
      const { mail: none, ...rest } = await h.outbox.claim(h.project, LEASE_MS);
      expect(none).toBeUndefined();
      expect((rest as { waitMs: number }).waitMs).toBeGreaterThan(LEASE_MS / 2);
    });

    test('gives each mail to one of many who ask at once', async () => {
      for (let minute = 0; minute < 5; minute++) await h.add(mail(minute));
      const claims = await Promise.all(Array.from({ length: 10 }, () => h.outbox.claim(h.project, LEASE_MS)));
      const ids = claims.flatMap((claim) => claim.mail?.id ?? []);
      expect([ids.length, new Set(ids).size]).toEqual([5, 5]);
    });

    test('gives one out again when the lease is over, and then it is the next holder’s', async () => {
      await h.add(mail(1));
      const first = await claimed(0);
      const second = await claimed();
      expect(second.tries).toBe(2);
      expect(await h.outbox.handOver(h.project, first)).toBe(false);
      await h.outbox.settle(h.project, first, { state: 'failed', error: 'not mine' });
      expect(await h.outbox.handOver(h.project, second)).toBe(true);
      expect(await h.outbox.handOver(h.project, second)).toBe(false);
    });

    test('never gives out what was handed over, whatever became of whoever did it', async () => {
      await h.add(mail(1));
      await h.outbox.handOver(h.project, await claimed(0));
      await h.age(DAY_MS);
      expect(await h.outbox.claim(h.project, LEASE_MS)).toEqual({ mail: undefined, waitMs: undefined });
      expect(await states()).toEqual(['handed_over']);
      await h.outbox.tidy(h.project);
      expect(await states()).toEqual([]);
    });

    test('a mail that could not be sent waits', async () => {
      await h.add(mail(1));
      const tried = await claimed();
      await h.outbox.handOver(h.project, tried);
      await h.outbox.settle(h.project, tried, { state: 'waiting', error: '452 full', afterMs: 30_000 });
      const { mail: none, ...rest } = await h.outbox.claim(h.project, LEASE_MS);
      expect(none).toBeUndefined();
      expect((rest as { waitMs: number }).waitMs).toBeLessThanOrEqual(30_000);
      expect(await h.outbox.list(h.project, 10)).toMatchObject([{ state: 'waiting', lastError: '452 full' }]);
      await h.age(30_000);
      expect((await claimed()).tries).toBe(2);
    });

    test.each([{ state: 'sent' }, { state: 'unknown', error: 'no answer' }] as const)(
      'what is $state loses its content',
      async (result) => {
        await h.add(mail(1));
        const one = await claimed();
        await h.outbox.handOver(h.project, one);
        await h.outbox.settle(h.project, one, result);
        expect(await states()).toEqual([]);
        await h.age(DAY_MS);
        expect((await h.outbox.claim(h.project, LEASE_MS)).mail).toBeUndefined();
      },
    );

    test.each([{ state: 'kept' }, { state: 'failed', error: '550 nobody' }] as const)(
      'what is $state can be read for a week',
      async (result) => {
        await h.add(mail(1));
        await h.outbox.settle(h.project, await claimed(), result);
        await h.age(6 * DAY_MS);
        await h.outbox.tidy(h.project);
        expect(await h.outbox.list(h.project, 10)).toMatchObject([{ ...mail(1), state: result.state }]);
        await h.age(2 * DAY_MS);
        await h.outbox.tidy(h.project);
        expect(await states()).toEqual([]);
      },
    );

    test('of those that are kept the newest hundred stay; lists begin with the newest', async () => {
      const many = Array.from({ length: 103 }, (_, index) =>
        aMail({
          id: `22222222-2222-4222-8222-222222222${String(index).padStart(3, '0')}`,
          createdAt: new Date(Date.UTC(2026, 0, 1, 0, index)),
        }),
      );
      for (const one of many) await h.add(one);
      for (const _ of many) await h.outbox.settle(h.project, await claimed(), { state: 'kept' });
      await h.outbox.tidy(h.project);
      const left = await h.outbox.list(h.project, 1_000);
      expect(left.map(({ id }) => id)).toEqual(
        many
          .slice(3)
          .reverse()
          .map(({ id }) => id),
      );
      expect((await h.outbox.list(h.project, 2)).length).toBe(2);
    });
  });
}
