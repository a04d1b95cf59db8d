/** kill -9 of the process that serves users, while they sign up and refresh: nobody is lost, and nobody is written to twice. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { smtpSink, type SmtpSink, type SunkMail } from '../../infrastructure/testing/smtp-sink.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const PASSWORD = 'correct horse battery';
const SIGN_UPS = 100;
const AT_ONCE = 5;
const SESSIONS = 20;
const REFRESHES_EACH = 5;
/** a mail that was in flight is tried again when its lease is over, a minute after */
const LEASE_IS_OVER = { timeout: 240_000, interval: 500 };

/** When the process ends, in this order, each after so many sign-ups were answered. */
const MOMENTS = [
  { what: 'a sign-up is answered', after: 10 },
  { what: 'a mail is offered', after: 25 },
  // the server has all of it, and has not said so
  { what: 'a mail is taken', after: 40 },
  { what: 'a mail is acknowledged', after: 55 },
  { what: 'a mail is taken', after: 70 },
  { what: 'a sign-up is answered', after: 85 },
] as const;
type What = (typeof MOMENTS)[number]['what'];

interface Project {
  readonly id: string;
  readonly url: string;
  readonly anonKey: string;
}
interface Session {
  readonly access_token: string;
  readonly refresh_token: string;
}

let platform: PlatformUnderTest;
let sink: SmtpSink;
let token: string;
/** while it is being started again */
let restart: Promise<void> | undefined;
let kills = 0;

function kill(): Promise<void> {
  kills++;
  restart = platform.killAndRestart('auth').finally(() => (restart = undefined));
  return restart;
}

let answered = 0;
let moment: number = MOMENTS.length;
const next = () => MOMENTS[moment];
/** Is it time? Then the process is dead when this returns. */
function reached(what: What): boolean {
  const due = next();
  if (restart || due?.what !== what || answered < due.after) return false;
  moment++;
  kill().catch(() => {});
  return true;
}
const never = new Promise<never>(() => {});

beforeAll(async () => {
  sink = await smtpSink(
    { onMailFrom: (_from, _session, done) => void (reached('a mail is offered') || done()) },
    () => {
      if (reached('a mail is taken')) return never;
      // it is told first
      setImmediate(() => reached('a mail is acknowledged'));
    },
  );
  platform = await PlatformUnderTest.create({
    SMTP_URL: `smtp://127.0.0.1:${sink.port}`,
    SMTP_FROM: 'no-reply@example.com',
  });
  await platform.start();
  token = await platform.owner('kill');
});
afterAll(async () => {
  await restart?.catch(() => {});
  await Promise.all([platform.close(), sink.close()]);
});

async function project(name: string, settings: object): Promise<Project> {
  const { id } = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name } }))
    .body;
  const path = `/api/projects/${id}`;
  const keys = await platform.call<{ anon_key: string }>('GET', `${path}/keys`, { token });
  const changed = await platform.call('PATCH', `${path}/auth/settings`, { token, body: { settings } });
  expect(changed.status).toBe(200);
  return { id, url: `${platform.url}/project/${id}/auth/v1`, anonKey: keys.body.anon_key };
}

/** As clients ask: what got no answer, or the answer that there is an outage, is asked again until there is one. */
async function persistently<T>({ url, anonKey }: Project, path: string, body: object) {
  for (let attempts = 1; ; attempts++) {
    try {
      const answer = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { apikey: anonKey, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      });
      const text = await answer.text();
      if (answer.status < 500) return { attempts, status: answer.status, body: JSON.parse(text) as T };
    } catch {
      // it is dead
    }
    await (restart ?? new Promise((resolve) => setTimeout(resolve, 200)));
  }
}

const messageId = ({ headers }: SunkMail) => /^<([^@]+)@/.exec(headers.get('message-id') ?? '')?.[1] ?? '';

test('of a hundred who sign up meanwhile everybody is there, once, and each mail is sent once', async () => {
  const one = await project('signups', {});
  const emails = Array.from(
    { length: SIGN_UPS },
    (_, at) => `user${at}-${randomUUID().slice(0, 8)}@example.com`,
  );
  const attempts = new Map<string, number>();
  const waiting = emails.values();
  moment = 0;
  const client = async () => {
    for (const email of waiting) {
      // nobody runs ahead of the next kill: all of them come while people sign up
      await vi.waitFor(() => expect(answered).toBeLessThan((next()?.after ?? Infinity) + 10), LEASE_IS_OVER);
      const answer = await persistently(one, '/signup', { email, password: PASSWORD });
      expect([email, answer.status]).toEqual([email, 200]);
      attempts.set(email, answer.attempts);
      answered++;
      reached('a sign-up is answered');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  await restart;
  expect(kills).toBe(MOMENTS.length);

  const users = await platform.sql<{ email: string }>('SELECT email FROM auth.users', [], one.id);
  expect(users.map(({ email }) => email).toSorted()).toEqual(emails.toSorted());
  const identities = await platform.sql('SELECT FROM auth.identities', [], one.id);
  expect(identities.length).toBe(SIGN_UPS);

  interface Row {
    readonly id: string;
    readonly recipient: string;
    readonly state: string;
  }
  const outbox = () => platform.sql<Row>('SELECT id, recipient, state FROM auth.mail_outbox', [], one.id);
  await vi.waitFor(async () => {
    const open = (await outbox()).filter(({ state }) => state === 'waiting' || state === 'sending');
    expect(open).toEqual([]);
  }, LEASE_IS_OVER);
  const rows = await outbox();
  // a mail for each that asked; a second one for whoever had to ask again after more than a minute, if at all
  for (const email of emails) {
    const theirs = rows.filter(({ recipient }) => recipient === email).length;
    expect([email, theirs >= 1 && theirs <= (attempts.get(email) ?? 0)]).toEqual([email, true]);
  }
  const came = (id: string) => sink.mails.filter((mail) => messageId(mail) === id).length;
  expect(rows.filter(({ id, state }) => state === 'sent' && came(id) !== 1)).toEqual([]);
  // handed over, and no answer heard: at most one for each end, which nobody sends again, whether it has come or not
  const unknown = rows.filter(({ state }) => state !== 'sent');
  expect(unknown.filter(({ id, state }) => state !== 'handed_over' || came(id) > 1)).toEqual([]);
  expect(unknown.length).toBeLessThanOrEqual(kills);
  expect(sink.mails.map(messageId).filter((id) => !rows.some((row) => row.id === id))).toEqual([]);
  // of those that the server has, the two of whom it had not said so are not sent again
  expect(unknown.filter(({ id }) => came(id) === 1).length).toBeGreaterThanOrEqual(2);

  // and what came is of use, to whoever was caught in it, too
  for (const { recipient, id } of [...unknown, ...rows.slice(0, 3)]) {
    const mail = sink.mails.find((sent) => messageId(sent) === id);
    if (!mail) continue;
    const code = /enter this code: (\d{6})/.exec(mail.text)?.[1];
    const body = { type: 'email', email: recipient, token: code };
    expect((await persistently<Session>(one, '/verify', body)).status).toBe(200);
    const credentials = { email: recipient, password: PASSWORD };
    expect((await persistently(one, '/token?grant_type=password', credentials)).status).toBe(200);
  }
});

test('of those who refresh meanwhile nobody is signed out, with the token that they had', async () => {
  const one = await project('refreshes', { autoconfirm: true });
  const before = kills;
  const sessions = await Promise.all(
    Array.from({ length: SESSIONS }, async (_, at) => {
      const body = { email: `user${at}@example.com`, password: PASSWORD };
      return (await persistently<Session>(one, '/signup', body)).body;
    }),
  );
  const sessionOf = ({ access_token }: Session) =>
    (
      JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString()) as {
        session_id: string;
      }
    ).session_id;
  const refreshed = async (session: Session): Promise<Session> => {
    const body = { refresh_token: session.refresh_token };
    const answer = await persistently<Session>(one, '/token?grant_type=refresh_token', body);
    expect([answer.status, answer.status === 200 ? 'a session' : answer.body]).toEqual([200, 'a session']);
    return answer.body;
  };
  const counters = async () => {
    const rows = await platform.sql<{ id: string; n: number }>(
      'SELECT id, refresh_token_counter::int AS n FROM auth.sessions',
      [],
      one.id,
    );
    return new Map(rows.map(({ id, n }) => [id, n]));
  };

  const begun = await counters();
  let count = 0;
  const ends = [10, 35, 60, 85];
  const held = await Promise.all(
    sessions.map(async (first) => {
      let session = first;
      for (let nth = 0; nth < REFRESHES_EACH; nth++) {
        session = await refreshed(session);
        if (++count >= (ends[0] ?? Infinity) && !restart) {
          ends.shift();
          void kill();
        }
      }
      return session;
    }),
  );
  await restart;
  expect([count, kills - before]).toEqual([SESSIONS * REFRESHES_EACH, 4]);
  const after = await counters();
  expect([...after.keys()].toSorted()).toEqual(sessions.map(sessionOf).toSorted());
  // whoever heard nothing, and asked with the same token, has the one that was made for them: no place is taken twice
  expect([...after].filter(([id, n]) => n !== (begun.get(id) ?? 0) + REFRESHES_EACH)).toEqual([]);

  // the next ones are done, and nobody hears of them
  await Promise.all(
    held.map((session) =>
      fetch(`${one.url}/token?grant_type=refresh_token`, {
        method: 'POST',
        headers: { apikey: one.anonKey, 'content-type': 'application/json' },
        body: JSON.stringify({ refresh_token: session.refresh_token }),
      }).then((unheard) => unheard.body?.cancel()),
    ),
  );
  const unheard = await counters();
  expect([...unheard].filter(([id, n]) => n !== (after.get(id) ?? 0) + 1)).toEqual([]);
  await kill();
  const again = await Promise.all(held.map(refreshed));
  // the token that they did not hear of
  expect(await counters()).toEqual(unheard);
  const last = await Promise.all(again.map(refreshed));
  expect(last.map(sessionOf)).toEqual(sessions.map(sessionOf));
  for (const { access_token } of last) {
    const me = await fetch(`${one.url}/user`, { headers: { authorization: `Bearer ${access_token}` } });
    expect(me.status).toBe(200);
  }
});
