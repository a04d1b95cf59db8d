/** What a stranger may learn of who has an account, which is nothing, and what they may do to whoever has one. */
import { randomUUID } from 'node:crypto';
import { GoTrueAdminApi } from '@supabase/auth-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { authUnderTest } from '../acceptance/auth-under-test.ts';

let auth: Awaited<ReturnType<typeof authUnderTest>>;
let admin: GoTrueAdminApi;
beforeAll(async () => {
  auth = await authUnderTest();
  admin = new GoTrueAdminApi({ url: auth.url, headers: { authorization: `Bearer ${auth.serviceKey}` } });
});
afterAll(() => auth.close());
beforeEach(() => auth.set());

const PASSWORD = 'a password';
const address = (name = 'u') => `${name}-${randomUUID().slice(0, 8)}@ex.museum`;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}
async function ask(method: string, path: string, body?: object, bearer?: string): Promise<Answer> {
  const answer = await fetch(auth.url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      'x-supabase-api-version': '2024-01-01',
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) };
}
const post = (path: string, body: object, bearer?: string) => ask('POST', path, body, bearer);
const told = ({ status, body }: Answer) => [status, body['code']];

async function member({ confirmed = true, email = address('known') } = {}) {
  const { data, error } = await admin.createUser({ email, password: PASSWORD, email_confirm: confirmed });
  expect(error).toBeNull();
  return { email, id: data.user?.id ?? '' };
}

/** What a stranger may have sent to an address. */
const REQUESTS: Readonly<Record<string, (email: string, more?: object) => Promise<Answer>>> = {
  'a sign-up': (email, more) => post('/signup', { email, password: 'of a stranger', ...more }),
  'a code': (email, more) => post('/otp', { email, ...more }),
  'a link': (email, more) => post('/magiclink', { email, ...more }),
  'a recovery': (email, more) => post('/recover', { email, ...more }),
  'a sign-up again': (email, more) => post('/resend', { type: 'signup', email, ...more }),
  'a change again': (email, more) => post('/resend', { type: 'email_change', email, ...more }),
};
const names = Object.keys(REQUESTS);
const request = (name: string) => REQUESTS[name] ?? REQUESTS['a code']!;

describe('nobody learns who has an account', () => {
  test.each(names)('by a challenge that is none, with %s', async (name) => {
    const whose = [
      address('nobody'),
      (await member()).email,
      (await member({ confirmed: false })).email,
      'no address',
    ];
    for (const challenge of [
      { code_challenge: 'short', code_challenge_method: 's256' },
      { code_challenge: 'x'.repeat(43) },
      { code_challenge: 'x'.repeat(43), code_challenge_method: 'md5' },
    ])
      for (const email of whose)
        expect(told(await request(name)(email, challenge))).toEqual([400, 'validation_failed']);
    // it cost them no try
    for (const email of whose.slice(0, 2)) expect((await request(name)(email)).status).toBe(200);
  });

  test.each(names.flatMap((first) => names.map((second) => [first, second] as const)))(
    'by how soon after %s somebody may ask for %s',
    async (first, second) => {
      const [known, unknown] = [(await member()).email, address('nobody')];
      for (const name of [first, second]) {
        const [one, other] = [await request(name)(known), await request(name)(unknown)];
        expect(told(one)).toEqual(told(other));
      }
    },
  );

  test('by what they have been doing themselves', async () => {
    const unknown = async (name: string) => (await request(name)(address('nobody'))).status;
    const { email } = await member();
    const { access_token: token } = await auth.signIn(email, PASSWORD);
    await ask('PUT', '/user', { email: address('new') }, token);
    expect((await request('a change again')(email)).status).toBe(await unknown('a change again'));
    const invited = address('invited');
    await post('/invite', { email: invited }, auth.serviceKey);
    for (const name of ['a sign-up', 'a recovery'])
      expect((await request(name)(invited)).status).toBe(await unknown(name));
    // nobody is written to twice by that
    await auth.mailTo(invited, 2);
    expect(auth.mails.filter(({ to }) => to.includes(invited)).length).toBe(2);
  });

  test('by the work that is done before the answer', async () => {
    const { email } = await member();
    const { passwords, directory } = auth.auth;
    const spies = [vi.spyOn(passwords, 'hash'), vi.spyOn(passwords, 'verify'), vi.spyOn(directory, 'with')];
    const work = async (path: string, body: object) => {
      for (const spy of spies) spy.mockClear();
      const { status } = await post(path, body);
      return [status, ...spies.map(({ mock }) => mock.calls.length)];
    };
    for (const [path, password] of [
      ['/token?grant_type=password', 'wrong'],
      ['/signup', 'of a stranger'],
    ] as const)
      expect(await work(path, { email, password })).toEqual(
        await work(path, { email: address('nobody'), password }),
      );
  });

  test('by what a sign-up answers, but for the identities', async () => {
    const { email } = await member();
    const data = { name: 'Zoë', tags: [1] };
    const signUp = async (to: string) =>
      (await post('/signup', { email: to, password: PASSWORD, data })).body;
    const [made, pretended] = [await signUp(address('nobody')), await signUp(email)];
    expect(Object.keys(pretended).toSorted()).toEqual(Object.keys(made).toSorted());
    expect(pretended).toMatchObject({
      email,
      role: '',
      identities: [],
      user_metadata: made['user_metadata'],
    });
    const theirs = (await auth.owner(`SELECT id FROM auth.users WHERE email = '${email}'`))[0]?.['id'];
    expect(pretended['id']).not.toBe(theirs);
  });

  test('where sign-ups are closed', async () => {
    auth.set({ signUpsOpen: false });
    for (const name of names) {
      const [known, unknown] = [(await member()).email, address('nobody')];
      expect(told(await request(name)(known))).toEqual(told(await request(name)(unknown)));
    }
    const { email } = await member();
    expect((await auth.signIn(email, PASSWORD)).access_token).toBeTruthy();
  });
});

describe('an address that looks like another one', () => {
  test.each([
    ['Cyrillic', 'аnn@ex.museum'],
    ['full width', 'ａnn@ex.museum'],
    ['a dotless i', 'ann@ex.museum'.replace('nn', 'ın')],
    ['a combining mark', 'a\u0301nn@ex.museum'],
    ['a host of other letters', 'ann@еx.museum'],
    ['a long s', 'ann@ex.muſeum'],
  ])('is somebody else’s: %s', async (_what, other) => {
    const email = `ann-${randomUUID().slice(0, 8)}@ex.museum`;
    const lookAlike = other
      .replace('nn@', `nn${email.slice(3, 12)}@`)
      .replace('ın@', `ın${email.slice(3, 12)}@`);
    const { id } = await member({ email });
    const mailed = () => auth.mails.filter(({ to }) => to.includes(email)).length;
    for (const name of names) {
      const { status } = await request(name)(lookAlike);
      expect([name, [200, 400, 429].includes(status)]).toEqual([name, true]);
    }
    expect((await post('/token?grant_type=password', { email: lookAlike, password: PASSWORD })).status).toBe(
      400,
    );
    expect(mailed()).toBe(0);
    expect((await auth.owner(`SELECT email FROM auth.users WHERE id = '${id}'`))[0]).toEqual({ email });
  });

  test('but is the same one is theirs, and mails go to the one that is stored', async () => {
    // KELVIN SIGN is a capital k
    const email = `kate-${randomUUID().slice(0, 8)}@ex.museum`;
    await member({ email });
    expect((await request('a recovery')(email.replace('k', '\u212A'))).status).toBe(200);
    expect((await auth.mailTo(email)).to).toEqual([email]);
  });
});

describe('a sign-up of somebody else’s address', () => {
  test('changes nothing of theirs, confirmed or not', async () => {
    for (const confirmed of [true, false]) {
      const { email, id } = await member({ confirmed });
      await admin.updateUserById(id, { user_metadata: { name: 'Ann' }, app_metadata: { plan: 'gold' } });
      const stored = `SELECT encrypted_password, raw_user_meta_data, raw_app_meta_data, role, aud FROM auth.users WHERE id = '${id}'`;
      const before = await auth.owner(stored);
      const data = { name: 'Mallory', admin: true };
      await post('/signup', { email, password: 'of a stranger', data });
      auth.advance(61);
      await post('/otp', { email, data, create_user: true });
      expect(await auth.owner(stored)).toEqual(before);
    }
  });

  test('at the same time, ten times: one user, and nobody sees a fault of ours', async () => {
    const email = address();
    const all = await Promise.all(
      Array.from({ length: 10 }, () => post('/signup', { email, password: PASSWORD })),
    );
    expect(all.filter(({ status }) => ![200, 429].includes(status))).toEqual([]);
    expect((await auth.owner(`SELECT FROM auth.users WHERE email = '${email}'`)).length).toBe(1);
    auth.set({ autoconfirm: true });
    const other = address();
    const confirmed = await Promise.all(
      Array.from({ length: 10 }, () => post('/signup', { email: other, password: PASSWORD })),
    );
    expect(confirmed.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array<number>(9).fill(422),
    ]);
  });

  test('whose answer was lost may be sent again, and writes to nobody twice', async () => {
    const email = address();
    const body = { email, password: PASSWORD };
    expect((await post('/signup', body)).status).toBe(200);
    // as another process has it, or this one after a restart
    auth.auth.mailLimits.forget(auth.project, email);
    expect((await post('/signup', body)).status).toBe(200);
    const mails = await auth.owner(`SELECT FROM auth.mail_outbox WHERE recipient = '${email}'`);
    expect(mails.length).toBe(1);
  });
});
