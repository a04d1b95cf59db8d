import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import { Unavailable } from '../errors.ts';
import type { Captchas } from './captchas.ts';

const project = projectId('proj_00000000000000aa');
const SECRET = '0x-the-secret';

export interface CaptchaHarness {
  readonly captchas: Captchas;
  readonly verifyUrl: string;
  /** what the provider says to what it is asked next; without: it hangs, drips, says too much, breaks off */
  readonly answers: (status: number, body: string) => void;
  readonly fails: (how: 'hangs' | 'drips' | 'floods' | 'breaks') => void;
  /** of the forms that it was sent, the last */
  readonly asked: () => Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

export function captchasContract(name: string, open: () => Promise<CaptchaHarness>): void {
  describe(`${name}: captchas`, () => {
    let harness: CaptchaHarness;
    beforeAll(async () => {
      harness = await open();
    });
    beforeEach(() => harness.answers(200, '{"success":true}'));
    afterAll(() => harness.close());
    const verify = (token = 'token', ip: string | null = null) =>
      harness.captchas.verify(project, {
        provider: 'turnstile',
        verifyUrl: harness.verifyUrl,
        secret: SECRET,
        token,
        ip,
      });

    test('the provider is shown the token, the secret and the address, and its yes is one', async () => {
      expect(await verify('a&b=c+d', '2001:db8::1')).toEqual({ human: true });
      expect(harness.asked()).toEqual({ secret: SECRET, response: 'a&b=c+d', remoteip: '2001:db8::1' });
      await verify();
      expect(harness.asked()).toEqual({ secret: SECRET, response: 'token' });
    });

    test('its no is one, with those of its codes that look like codes', async () => {
      const codes = [
        'timeout-or-duplicate',
        '<script>',
        7,
        'A B',
        ...Array.from({ length: 9 }, (_, at) => `code-${at}`),
      ];
      harness.answers(200, JSON.stringify({ success: false, 'error-codes': codes }));
      const why = ['timeout-or-duplicate', 'code-0', 'code-1', 'code-2', 'code-3'];
      expect(await verify()).toEqual({ human: false, why });
      harness.answers(400, '{"success":false,"error-codes":"none"}');
      expect(await verify()).toEqual({ human: false, why: [] });
    });

    test.each(['', 'null', '[]', '{}', '{"success":"true"}', '{"success":1}', '<html>', '{"success":true'])(
      '%j is neither',
      async (body) => {
        harness.answers(200, body);
        await expect(verify()).rejects.toThrow(Unavailable);
      },
    );

    test.each(['hangs', 'drips', 'floods', 'breaks'] as const)(
      'one that %s says nothing, and the secret is in no error',
      async (how) => {
        harness.fails(how);
        const error = (await verify().catch((thrown: unknown) => thrown)) as Error;
        expect(error).toBeInstanceOf(Unavailable);
        const text = JSON.stringify([error.message, error.stack, `${String(error.cause)}`]);
        expect(text).not.toContain(SECRET);
      },
    );

    test('who no longer waits asks nobody', async () => {
      const check = {
        provider: 'hcaptcha',
        verifyUrl: harness.verifyUrl,
        secret: SECRET,
        token: 't',
        ip: null,
      } as const;
      const gone = harness.captchas.verify(project, check, AbortSignal.abort());
      await expect(gone).rejects.toThrow(Unavailable);
    });
  });
}
