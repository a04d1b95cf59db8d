import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import { HookFailed, type AuthHooks, type SignedHook } from './auth-hooks.ts';

const project = projectId('proj_00000000000000aa');
const SECRET = 'v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const JSON_TYPE = { 'content-type': 'application/json' };

export interface HookAsk {
  readonly id: string;
  readonly body: string;
  /** whether the signature is good, by a reading of the standard that is not ours */
  readonly isSigned: boolean;
  readonly contentType: string | undefined;
}

export interface AuthHooksHarness {
  readonly hooks: AuthHooks;
  readonly url: string;
  /** one after another, the last for ever */
  readonly answers: (
    ...all: readonly (readonly [status: number, body?: unknown, headers?: Readonly<Record<string, string>>])[]
  ) => void;
  readonly fails: (how: 'hangs' | 'drips' | 'floods' | 'breaks') => void;
  /** since it was told last what to answer */
  readonly asked: (secret: string) => readonly HookAsk[];
  readonly close: () => Promise<void>;
}

export function authHooksContract(name: string, open: () => Promise<AuthHooksHarness>): void {
  describe(`${name}: hooks`, () => {
    let harness: AuthHooksHarness;
    beforeAll(async () => {
      harness = await open();
    });
    beforeEach(() => harness.answers([200, '{}', JSON_TYPE]));
    afterAll(() => harness.close());

    const ask = (change: Partial<SignedHook> = {}, signal?: AbortSignal) => {
      const hook = {
        name: 'beforeUserCreated',
        url: harness.url,
        timeoutMs: 10_000,
        secret: SECRET,
      } as const;
      return harness.hooks.ask(project, { ...hook, ...change }, { user: { name: 'Zoë' } }, signal);
    };
    const failure = async (asked: Promise<unknown>) => {
      const error = await asked.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(HookFailed);
      expect(`${String(error)} ${String((error as Error).cause)}`).not.toMatch(/Zoë|MfKQ9r8G/);
      return (error as HookFailed).failure;
    };

    test('it is asked once, in JSON, and signed', async () => {
      expect(await ask()).toEqual({ said: 'yes', body: {} });
      const [asked, ...others] = harness.asked(SECRET);
      expect(others).toEqual([]);
      expect(asked).toMatchObject({ isSigned: true, contentType: 'application/json' });
      expect(asked?.body).toBe('{"user":{"name":"Zoë"}}');
      await ask();
      expect(harness.asked(SECRET)[1]?.id).not.toBe(asked?.id);
    });

    test.each([
      [200, '{"a":[1]}', 'application/json', { a: [1] }],
      [202, '{"error":null}', 'Application/JSON; charset=utf-8', { error: null }],
      [204, undefined, undefined, {}],
    ])('%i with %s is a yes', async (status, body, type, said) => {
      harness.answers([status, body, type === undefined ? {} : { 'content-type': type }]);
      expect(await ask()).toEqual({ said: 'yes', body: said });
    });

    test.each([
      [200, { http_code: 403, message: 'not you' }, 403],
      [202, { message: 'not you' }, 500],
      [200, { http_code: 200, message: 'not you' }, 500],
      [200, { http_code: '403', message: 'not you' }, 500],
      [400, { message: 'not you' }, 400],
      [403, { http_code: 422, message: 'not you' }, 422],
      [429, { message: 'not you' }, 429],
    ])('%i with the error %j is a no, with status %i', async (status, error, told) => {
      harness.answers([status, { error }, JSON_TYPE]);
      expect(await ask()).toEqual({ said: 'no', status: told, message: 'not you' });
      expect(harness.asked(SECRET).length).toBe(1);
    });

    test('a long reason is cut', async () => {
      harness.answers([200, { error: { message: 'x'.repeat(5_000) } }, JSON_TYPE]);
      expect(await ask()).toMatchObject({ said: 'no', message: 'x'.repeat(1_000) });
    });

    test.each([
      [200, '{', JSON_TYPE, 'unexpected'],
      [200, '[]', JSON_TYPE, 'unexpected'],
      [200, 'null', JSON_TYPE, 'unexpected'],
      [200, '', JSON_TYPE, 'unexpected'],
      [200, '{"error":"Unauthorized"}', JSON_TYPE, 'unexpected'],
      [200, '{"error":{"message":""}}', JSON_TYPE, 'unexpected'],
      [200, '{}', {}, 'invalid-content-type'],
      [200, '{}', { 'content-type': 'text/html' }, 'invalid-content-type'],
      [200, '{}', { 'content-type': 'application/jsonp' }, 'invalid-content-type'],
      [400, '{}', JSON_TYPE, 'unexpected'],
      [401, '', {}, 'unexpected'],
      [302, '', { location: 'http://127.0.0.1:1/' }, 'unexpected'],
      [500, '{"error":{"message":"no"}}', JSON_TYPE, 'unexpected'],
      [503, '{}', JSON_TYPE, 'unexpected'],
    ] as const)('%i with %j and %j is neither: %s', async (status, body, headers, kind) => {
      harness.answers([status, body, headers]);
      expect(await failure(ask())).toBe(kind);
      expect(harness.asked(SECRET).length).toBe(1);
    });

    test.each([429, 503])(
      'after %i it is asked again when it says so, as the same message',
      async (status) => {
        harness.answers([status, '', { 'retry-after': '1' }], [200, '{"ok":true}', JSON_TYPE]);
        expect(await ask()).toEqual({ said: 'yes', body: { ok: true } });
        const asked = harness.asked(SECRET);
        expect(asked.map(({ isSigned }) => isSigned)).toEqual([true, true]);
        expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
      },
    );

    test('it is asked three times at most, and not when there is no time left for it', async () => {
      harness.answers([503, '', { 'retry-after': '0' }]);
      expect(await failure(ask())).toBe('timeout-after-retry');
      expect(harness.asked(SECRET).length).toBe(3);
      harness.answers([503, '', { 'retry-after': '60' }]);
      expect(await failure(ask())).toBe('timeout-after-retry');
      expect(harness.asked(SECRET).length).toBe(1);
    });

    test.each([
      ['hangs', 'timeout', 1],
      ['drips', 'timeout', 1],
      ['floods', 'over-size-limit', 1],
      ['breaks', 'timeout-after-retry', 3],
    ] as const)('one that %s is a %s', async (how, kind, times) => {
      harness.fails(how);
      expect(await failure(ask({ timeoutMs: kind === 'timeout' ? 300 : 10_000 }))).toBe(kind);
      expect(harness.asked(SECRET).length).toBe(times);
    });

    test('nobody there is no answer', async () => {
      expect(await failure(ask({ url: 'http://127.0.0.1:1/' }))).toBe('timeout-after-retry');
    });

    test('who no longer waits is left alone', async () => {
      const [gone, waits] = [new AbortController(), new AbortController()];
      harness.fails('hangs');
      const asked = ask({ timeoutMs: 10_000 }, gone.signal);
      setTimeout(() => gone.abort(), 50);
      expect(await failure(asked)).toBe('timeout');
      harness.answers([503, '', { 'retry-after': '30' }]);
      setTimeout(() => waits.abort(), 50);
      expect(await failure(ask({ timeoutMs: 60_000 }, waits.signal))).toBe('timeout');
      expect(harness.asked(SECRET).length).toBe(1);
    });
  });
}
