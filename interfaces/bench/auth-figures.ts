/**
 * What the auth service costs beside what it cannot do without: sign-in beside the hash alone, refresh and get-user beside
 * the bare driver with the same statements, in turn, so that a change of the machine's speed hits both; and what it holds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Argon2Passwords, hashesAtOnce } from '../../infrastructure/crypto/argon2-passwords.ts';
import { AuthPlatform, PASSWORD, signedIn, type Session } from './auth-platform.ts';
import { bareWork, getUser, refresh, type Work } from './bare-users.ts';
import { median, type Figure, type Section } from './figures.ts';
import { keepAsking, type Load } from './keep-asking.ts';

const CONNECTIONS = 16;
const SECONDS = 5;
const ROUNDS = 5;
const WARM_UP_SECONDS = 3;
const USERS = 400;
const SIGN_INS = 10_000;
const PROJECTS = 100;
const USERS_EACH = 5;
/** libuv's own, as the service has it */
const POOL_THREADS = 4;
const QUIET_MS = 5_000;

export const authFigures: Section = {
  name: 'auth',
  summary: `sign-in, refresh, get-user at ${CONNECTIONS} connections, ${SECONDS} s each in turn, ${ROUNDS} rounds; memory over ${SIGN_INS} sign-ins and ${PROJECTS} projects; the auth service as a process of its own`,
  async run(): Promise<readonly Figure[]> {
    const auth = await AuthPlatform.start(PROJECTS);
    try {
      const project = await auth.project('bench', USERS);
      return [
        ...(await signInFigures(auth, project)),
        ...(await besideBare(auth, project, 'get-user', getUser, (session) =>
          auth.getUser(project, session),
        )),
        ...(await besideBare(auth, project, 'refresh', refresh(project), async (session) => {
          Object.assign(session, await auth.refresh(project, session.refreshToken));
        })),
        await memoryOverSignIns(auth, project),
        await memoryOverProjects(auth, project),
      ];
    } finally {
      await auth.close();
    }
  },
};

async function signInFigures(auth: AuthPlatform, project: ProjectId): Promise<readonly Figure[]> {
  const passwords = new Argon2Passwords({ concurrency: hashesAtOnce(POOL_THREADS, 1) });
  const hash = await passwords.hash(PASSWORD);
  const next = counter();
  const nobody = Array.from({ length: CONNECTIONS });
  const alone = (seconds: number) => keepAsking(nobody, seconds, () => passwords.verify(hash, PASSWORD));
  const signIns = (seconds: number) =>
    keepAsking(nobody, seconds, () => auth.signIn(project, next() % USERS));
  await alone(WARM_UP_SECONDS);
  await signIns(WARM_UP_SECONDS);
  const rounds: { readonly alone: Load; readonly signIns: Load }[] = [];
  for (let round = 0; round < ROUNDS; round++)
    rounds.push({ alone: await alone(SECONDS), signIns: await signIns(SECONDS) });
  return ratesOf(
    'sign-in',
    'argon2 alone',
    0.9,
    rounds.map(({ alone: bare, signIns: ours }) => ({ bare, ours })),
  );
}

/** Each connection has a user and a session of its own: nobody waits for another's row. */
async function besideBare(
  auth: AuthPlatform,
  project: ProjectId,
  what: string,
  work: Work,
  ask: (session: Session) => Promise<unknown>,
): Promise<readonly Figure[]> {
  const sessions: Session[] = [];
  // and so has each of the bare ones: what they write is not what ours goes on from
  for (let user = 0; user < 2 * CONNECTIONS; user++) sessions.push(await auth.signIn(project, user));
  const others = sessions.splice(CONNECTIONS);
  const connection = auth.platform.superuser(project);
  const bare = await Promise.all(others.map((session) => bareWork(connection, signedIn(session), work)));
  const ours = (seconds: number) => keepAsking(sessions, seconds, ask);
  const theirs = (seconds: number) => keepAsking(bare, seconds, (one) => one.again());
  await ours(WARM_UP_SECONDS);
  await theirs(WARM_UP_SECONDS);
  const rounds: { readonly bare: Load; readonly ours: Load }[] = [];
  for (let round = 0; round < ROUNDS; round++)
    rounds.push({ bare: await theirs(SECONDS), ours: await ours(SECONDS) });
  await Promise.all(bare.map((one) => one.close()));
  const p50 = (which: 'bare' | 'ours') => rounds.map((round) => median(round[which].times));
  return [
    ...ratesOf(what, 'the bare driver with the same statements', 0.5, rounds),
    {
      what: `${what}, p50`,
      values: p50('ours'),
      unit: 'ms',
      target: 'at most 5',
      beside: { what: 'the bare driver', value: median(p50('bare')) },
    },
  ];
}

function ratesOf(
  what: string,
  beside: string,
  atLeast: number,
  rounds: readonly { readonly bare: Load; readonly ours: Load }[],
): readonly Figure[] {
  const [ours, bare] = [
    rounds.map((round) => round.ours.perSecond),
    rounds.map((round) => round.bare.perSecond),
  ];
  return [
    { what, values: ours, unit: '/s' },
    { what: beside, values: bare, unit: '/s' },
    {
      what: `${what}, of ${beside}`,
      values: ours.map((value, round) => value / (bare[round] ?? 0)),
      unit: `of the same round's, medians ${(median(ours) / median(bare)).toFixed(2)}`,
      target: `at least ${atLeast}`,
    },
  ];
}

async function memoryOverSignIns(auth: AuthPlatform, project: ProjectId): Promise<Figure> {
  const next = counter();
  const held: number[] = [];
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = SIGN_INS / 10 / CONNECTIONS;
    const some = async () => {
      for (let at = 0; at < share; at++) await auth.signIn(project, next() % USERS);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, some));
    held.push(await auth.residentMib());
  }
  const [first, last] = [held.slice(0, 3), held.slice(-3)];
  console.log(`  held after each tenth of ${SIGN_INS} sign-ins: ${held.map(Math.round).join(', ')} MiB`);
  return {
    what: `held more in the last three tenths of ${SIGN_INS} sign-ins than in the first`,
    values: [median(last) - median(first)],
    unit: 'MiB',
    target: 'about 0',
  };
}

async function memoryOverProjects(auth: AuthPlatform, one: ProjectId): Promise<Figure> {
  const use = async (project: ProjectId) => {
    for (let user = 0; user < USERS_EACH; user++) {
      const session = await auth.signIn(project, user);
      await auth.getUser(project, await auth.refresh(project, session.refreshToken));
    }
  };
  const projects: ProjectId[] = [];
  while (projects.length < PROJECTS - 1)
    projects.push(await auth.project(`bench-${projects.length}`, USERS_EACH));
  const settled = async () => {
    await sleep(QUIET_MS);
    return auth.residentMib();
  };
  for (let time = 0; time < 10; time++) await use(one);
  const before = await settled();
  for (const project of projects) await use(project);
  const after = await settled();
  return {
    what: `held with ${PROJECTS} projects in use, more than with one`,
    values: [after - before],
    unit: 'MiB',
    target: 'at most 40',
    beside: { what: 'with one', value: before },
  };
}

function counter(): () => number {
  let at = 0;
  return () => at++;
}
