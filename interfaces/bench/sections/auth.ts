/**
 * What the auth service costs beside what it cannot do without: sign-in beside the hash alone, refresh and get-user beside the
 * bare driver with the same statements; and what it holds. The auth service is a process of its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProjectId } from '../../../domain/project/project-id.ts';
import { Argon2Passwords, hashesAtOnce } from '../../../infrastructure/crypto/argon2-passwords.ts';
import { AuthPlatform, PASSWORD, signedIn, type Session } from '../auth-platform.ts';
import { bareWork, getUser, refresh, type Work } from '../bare-users.ts';
import { keepAsking, type Load } from '../keep-asking.ts';
import type { Context, Group, Section } from '../section.ts';
import { median } from '../statistics.ts';

const CONNECTIONS = 16;
const USERS = 400;
const SIGN_INS = 10_000;
const PROJECTS = 100;
const USERS_EACH = 5;
/** libuv's own, as the service has it */
const POOL_THREADS = 4;
const QUIET_MS = 5_000;
const HASH = 'argon2 alone';
const DRIVER = 'the bare driver with the same statements';

export const section: Section = {
  name: 'auth',
  summary: `sign-in, get-user and refresh at ${CONNECTIONS} connections; memory over ${SIGN_INS} sign-ins and ${PROJECTS} projects`,
  groups: [
    { name: 'get-user', main: true, prepare: getUserGroup },
    { name: 'refresh', prepare: refreshGroup },
    { name: 'sign-in', prepare: signIn },
    { name: 'memory', prepare: memory },
  ],
};

const platformOf = (context: Context) => AuthPlatform.of(context, PROJECTS);

/** The context's platform, and a project on it that has users. */
async function projectOf(context: Context): Promise<readonly [AuthPlatform, ProjectId]> {
  const auth = await platformOf(context);
  return [auth, await auth.project(USERS)];
}

async function signIn(context: Context): Promise<Group> {
  const [auth, project] = await projectOf(context);
  const passwords = new Argon2Passwords({ concurrency: hashesAtOnce(POOL_THREADS, 1) });
  const hash = await passwords.hash(PASSWORD);
  const next = counter();
  const nobody = Array.from({ length: CONNECTIONS });
  return {
    ways: {
      'sign-in': async () =>
        measured(await keepAsking(nobody, context.seconds, () => auth.signIn(project, next() % USERS))),
      [HASH]: async () =>
        measured(await keepAsking(nobody, context.seconds, () => passwords.verify(hash, PASSWORD))),
    },
    figures: [
      {
        name: 'sign-in',
        unit: '/s',
        of: ['sign-in', 'rate'],
        beside: [HASH, 'rate'],
        goal: { ratioAtLeast: 0.9 },
      },
    ],
  };
}

async function getUserGroup(context: Context): Promise<Group> {
  const [auth, project] = await projectOf(context);
  return besideDriver(context, [auth, project], 'get-user', getUser, (session) =>
    auth.getUser(project, session),
  );
}

async function refreshGroup(context: Context): Promise<Group> {
  const [auth, project] = await projectOf(context);
  return besideDriver(context, [auth, project], 'refresh', refresh(project), async (session) => {
    Object.assign(session, await auth.refresh(project, session.refreshToken));
  });
}

/** Each connection has a user and a session of its own: nobody waits for another's row. */
async function besideDriver(
  context: Context,
  [auth, project]: readonly [AuthPlatform, ProjectId],
  name: string,
  work: Work,
  ask: (session: Session) => Promise<unknown>,
): Promise<Group> {
  const sessions: Session[] = [];
  // and so has each of the bare ones: what they write is not what ours goes on from
  for (let user = 0; user < 2 * CONNECTIONS; user++) sessions.push(await auth.signIn(project, user));
  const others = sessions.splice(CONNECTIONS);
  const connection = auth.platform.superuser(project);
  const bare = await Promise.all(others.map((session) => bareWork(connection, signedIn(session), work)));
  context.atEnd(() => Promise.all(bare.map((one) => one.close())));
  return {
    ways: {
      [name]: async () => measured(await keepAsking(sessions, context.seconds, ask)),
      [DRIVER]: async () => measured(await keepAsking(bare, context.seconds, (one) => one.again())),
    },
    figures: [
      { name, unit: '/s', of: [name, 'rate'], beside: [DRIVER, 'rate'], goal: { ratioAtLeast: 0.5 } },
      {
        name: `${name}, p50`,
        unit: 'ms',
        of: [name, 'p50'],
        beside: [DRIVER, 'p50'],
        goal: { valueAtMost: 5 },
      },
    ],
  };
}

const measured = ({ perSecond, times }: Load) => ({ rate: perSecond, p50: median(times) });

async function memory(context: Context): Promise<Group> {
  const [auth, project] = await projectOf(context);
  return {
    rounds: 1,
    warmUp: false,
    ways: {
      'sign-ins': async () => ({ grown: await grownOverSignIns(auth, project) }),
      projects: () => heldByProjects(auth, project),
    },
    figures: [
      {
        name: `held more in the last three tenths of ${SIGN_INS} sign-ins than in the first`,
        unit: 'MiB',
        of: ['sign-ins', 'grown'],
        goal: { valueAtMost: 10 },
      },
      {
        name: `held with ${PROJECTS} projects in use, more than with one`,
        unit: 'MiB',
        of: ['projects', 'grown'],
        goal: { valueAtMost: 40 },
      },
      { name: 'held with one project in use', unit: 'MiB', of: ['projects', 'before'] },
    ],
  };
}

async function grownOverSignIns(auth: AuthPlatform, project: ProjectId): Promise<number> {
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
  return median(held.slice(-3)) - median(held.slice(0, 3));
}

async function heldByProjects(auth: AuthPlatform, one: ProjectId) {
  const use = async (project: ProjectId) => {
    for (let user = 0; user < USERS_EACH; user++) {
      const session = await auth.signIn(project, user);
      await auth.getUser(project, await auth.refresh(project, session.refreshToken));
    }
  };
  const projects: ProjectId[] = [];
  while (projects.length < PROJECTS - 1) projects.push(await auth.project(USERS_EACH));
  const settled = async () => {
    await sleep(QUIET_MS);
    return auth.residentMib();
  };
  for (let time = 0; time < 10; time++) await use(one);
  const before = await settled();
  for (const project of projects) await use(project);
  return { before, grown: (await settled()) - before };
}

function counter(): () => number {
  let at = 0;
  return () => at++;
}
