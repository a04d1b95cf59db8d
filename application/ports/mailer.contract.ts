/** How every mailer gives mails to an SMTP server. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Mailer, SmtpAccount } from './mailer.ts';
import type { Mail } from './user-directory.ts';

/** What a server has got, each mail whole. */
export interface MailServer {
  readonly account: SmtpAccount;
  readonly subjects: () => readonly string[];
  readonly close: () => Promise<void>;
}

export interface MailerHarness {
  readonly mailer: Mailer;
  /** - `refuses`: the recipient, for ever; `busy`: for now; `full`: at the end of the mail, for now; `dies`: at its end, without a word */
  readonly server: (manner: 'takes' | 'refuses' | 'busy' | 'full' | 'dies') => Promise<MailServer>;
}

export const aMail = (more: Partial<Mail> = {}): Mail => ({
  id: '11111111-1111-4111-8111-111111111111',
  kind: 'confirmation',
  to: "o'neil+tag@ex.museum",
  subject: "You're in, Zoë",
  text: 'Hello\n',
  html: '<p>Hello</p>\n',
  createdAt: new Date('2026-11-29T10:00:00Z'),
  ...more,
});

const yes = () => Promise.resolve(true);
const never = new AbortController().signal;

export function mailerContract(name: string, { mailer, server }: MailerHarness): void {
  describe(`${name}: a mailer`, () => {
    let open: MailServer | undefined;
    const to = async (manner: Parameters<typeof server>[0]) => (open = await server(manner));
    afterEach(async () => {
      await open?.close();
      open = undefined;
    });

    test('sends a mail once handing it over was agreed to', async () => {
      const { account, subjects } = await to('takes');
      let before: readonly string[] | undefined;
      const handOver = () => {
        before = subjects();
        return Promise.resolve(true);
      };
      expect(await mailer.send(account, aMail(), handOver, never)).toEqual({ outcome: 'sent' });
      expect([before, subjects()]).toEqual([[], ["You're in, Zoë"]]);
    });

    test('that another process sends is not sent', async () => {
      const { account, subjects } = await to('takes');
      const no = () => Promise.resolve(false);
      expect(await mailer.send(account, aMail(), no, never)).toEqual({ outcome: 'dropped' });
      expect(subjects()).toEqual([]);
    });

    test('that cannot be handed over is not sent', async () => {
      const { account, subjects } = await to('takes');
      const gone = () => Promise.reject(new Error('the database is away'));
      await expect(mailer.send(account, aMail(), gone, never)).rejects.toThrow('the database is away');
      expect(subjects()).toEqual([]);
    });

    test.each([
      ['refuses', true],
      ['busy', false],
      ['full', false],
    ] as const)('a server that %s is heard', async (manner, forEver) => {
      const { account, subjects } = await to(manner);
      const delivery = await mailer.send(account, aMail(), yes, never);
      expect(delivery).toMatchObject({ outcome: 'refused', forEver, reason: expect.stringMatching(/\d{3}/) });
      expect(subjects()).toEqual([]);
    });

    test('of a server that dies at the end nobody knows', async () => {
      const { account } = await to('dies');
      expect(await mailer.send(account, aMail(), yes, never)).toMatchObject({ outcome: 'unknown' });
    });

    test('of a server that is not there all is known', async () => {
      const { account, close } = await to('takes');
      await close();
      expect(await mailer.send(account, aMail(), yes, never)).toMatchObject({ outcome: 'away' });
      open = undefined;
    });

    test('gives up when it is told to', async () => {
      const { account, subjects } = await to('takes');
      const delivery = await mailer.send(account, aMail(), yes, AbortSignal.abort());
      expect([delivery.outcome, subjects()]).toEqual(['away', []]);
    });
  });
}
