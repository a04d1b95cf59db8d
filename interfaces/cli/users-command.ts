/** `users`: a project's users, for whoever runs the platform. */
import { readFile } from 'node:fs/promises';
import { listUsers } from '../../application/auth/admin-users.ts';
import { AuthError } from '../../application/auth/auth-error.ts';
import type { AuthCaller } from '../../application/auth/auth-dependencies.ts';
import type { AuthProject } from '../../application/auth/auth-project.ts';
import { changeUser } from '../../application/auth/change-user.ts';
import { createUser } from '../../application/auth/create-user.ts';
import { deleteUser } from '../../application/auth/delete-user.ts';
import type { Person } from '../../application/auth/person.ts';
import { Refused } from '../../application/errors.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import type { Operator } from '../composition/operator.ts';
import type { Command, Given } from './command.ts';
import { runImport } from './import-users.ts';
import { projectIdOf } from './project-commands.ts';

const USAGE_ERROR = 64;

export const usersCommand: Command = {
  name: 'users',
  usage: 'list|create|ban|delete|import <project> [<user>|<file>] [options]',
  summary:
    'Users of a project. list [--filter TEXT] [--page N]; create <email> [--password-file FILE] [--confirmed]; ' +
    'ban <user> [--for 24h|none]; delete <user> [--soft]; import <dump> [--dry-run] [--skip-broken].',
  flags: ['confirmed', 'soft', 'dry-run', 'skip-broken'],
  options: ['filter', 'page', 'for', 'password-file'],
  arguments: [2, 3],
  async run(operator, given) {
    const [what = '', project = '', whom] = given.args;
    const act = ACTS[what];
    if (!act || (what === 'list') !== (whom === undefined)) {
      given.say(`Usage: users ${this.usage}`);
      return USAGE_ERROR;
    }
    const asked = { project: await operator.authProject(projectIdOf(project)), whom: whom ?? '' };
    try {
      return await act(operator, asked, given);
    } catch (error) {
      if (error instanceof AuthError) throw new Refused(error.message);
      throw error;
    }
  },
};

interface Asked {
  readonly project: AuthProject;
  /** an id, an address or a file */
  readonly whom: string;
}
type Act = (operator: Operator, asked: Asked, given: Given) => Promise<number>;

const caller = ({ signal }: Given): AuthCaller => ({ ip: null, userAgent: null, signal });

const list: Act = async ({ auth }, { project }, given) => {
  const { options, say } = given;
  const asked = { page: options.get('page') ?? '', perPage: '', filter: options.get('filter') ?? '' };
  const { people, total, page, perPage } = await listUsers(auth, project, asked, caller(given));
  for (const person of people) say(lineOf(person, auth.clock.now()));
  const pages = Math.max(1, Math.ceil(total / perPage));
  say(`${total} user${total === 1 ? '' : 's'}, page ${page} of ${pages}`);
  return 0;
};

const create: Act = async ({ auth }, { project, whom }, given) => {
  const { options, flags, say } = given;
  const file = options.get('password-file');
  const password = file === undefined ? undefined : (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  const input = { email: whom, password, emailConfirm: flags.has('confirmed') };
  const { user } = await createUser(auth, project, input, caller(given));
  say(`${user.id} is ${shown(user.email ?? '')}.`);
  if (password === undefined) say('There is no password: they sign in by a link or a code, or recover one.');
  return 0;
};

const ban: Act = async ({ auth }, { project, whom }, given) => {
  const banDuration = given.options.get('for') ?? '876000h';
  const { user } = await changeUser(
    auth,
    project,
    await idOf(auth, project, whom),
    { banDuration },
    caller(given),
  );
  const until = user.bannedUntil;
  given.say(until ? `${user.id} is banned until ${until.toISOString()}.` : `${user.id} is not banned.`);
  return 0;
};

const remove: Act = async ({ auth }, { project, whom }, given) => {
  const id = await idOf(auth, project, whom);
  await deleteUser(auth, project, { id, isSoft: given.flags.has('soft') }, caller(given));
  given.say(`${id} is deleted.`);
  return 0;
};

const ACTS: Readonly<Partial<Record<string, Act>>> = {
  list,
  create,
  ban,
  delete: remove,
  import: ({ auth }, { project, whom }, given) => runImport(auth, project.id, whom, given),
};

/** @param whom an id or an address @throws {Refused} */
async function idOf({ directory }: Operator['auth'], { id }: AuthProject, whom: string): Promise<string> {
  if (isUuid(whom)) return whom;
  const user = await directory.with(id, (rows) => rows.users.byEmail(whom.toLowerCase()));
  if (user) return user.id;
  throw new Refused(`the project has no user ${shown(whom)}`);
}

function lineOf({ user, factors }: Person, now: Date): string {
  const marks = [
    user.isAnonymous && 'anonymous',
    user.deletedAt !== null && 'deleted',
    user.bannedUntil !== null && user.bannedUntil > now && 'banned',
    !user.isAnonymous && user.emailConfirmedAt === null && user.phoneConfirmedAt === null && 'unconfirmed',
    factors.some(({ status }) => status === 'verified') && 'second factor',
  ].filter((mark) => mark !== false);
  const seen = user.lastSignInAt ? `seen ${day(user.lastSignInAt)}` : 'never seen';
  const name = shown(user.email ?? user.phone ?? '-').padEnd(32);
  return [user.id, name, `made ${day(user.createdAt)}`, seen, ...marks].join('  ');
}

const day = (at: Date): string => at.toISOString().slice(0, 10);

/** Nothing that a user or an owner wrote moves the cursor of the operator's terminal. */
const shown = (text: string): string => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
