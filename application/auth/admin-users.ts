/** What the service key sees of a project's users. */
import { isUuid } from '../../domain/auth/uuid.ts';
import type { Factor, User } from '../../domain/auth/user.ts';
import type { Lock, UserTransaction } from '../ports/user-directory.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { personOf, type Person } from './person.ts';

type Readers = Pick<AuthDependencies, 'directory'>;

const PER_PAGE = 50;
const MOST_PER_PAGE = 1_000;
const LAST_PAGE = 1_000_000;
const LONGEST_FILTER = 200;

export interface UserListing {
  readonly people: readonly Person[];
  readonly total: number;
  readonly page: number;
  readonly perPage: number;
  readonly filter: string;
}

/** As the client sends them: texts, and empty where nothing was said. @throws {AuthError} 400 */
export async function listUsers(
  { directory }: Readers,
  project: AuthProject,
  asked: { readonly page: string; readonly perPage: string; readonly filter: string },
  caller: AuthCaller,
): Promise<UserListing> {
  const page = wholeNumber('page', asked.page, 1, LAST_PAGE);
  const perPage = wholeNumber('per_page', asked.perPage, PER_PAGE, MOST_PER_PAGE);
  const filter = asked.filter.trim();
  if (filter.length > LONGEST_FILTER) throw invalid('filter is too long');
  return directory.with(
    project.id,
    async (rows) => {
      const { users, total } = await rows.users.page({ page, perPage, filter });
      if (users.length === 0 && total > (page - 1) * perPage)
        throw invalid('The metadata of so many users is too much for one page: ask for fewer by per_page');
      const ids = users.map(({ id }) => id);
      const identities = Map.groupBy(await rows.identities.of(ids), ({ userId }) => userId);
      const factors = Map.groupBy(await rows.factors.of(ids), ({ userId }) => userId);
      const people = users.map((user) => ({
        user,
        identities: identities.get(user.id) ?? [],
        factors: factors.get(user.id) ?? [],
      }));
      return { people, total, page, perPage, filter };
    },
    caller,
  );
}

/** @throws {AuthError} 404 */
export async function showUser(
  { directory }: Readers,
  project: AuthProject,
  id: string,
  caller: AuthCaller,
): Promise<Person> {
  return directory.with(project.id, async (rows) => personOf(rows, await requireRow(rows, id)), caller);
}

/** @throws {AuthError} 404 */
export async function listFactors(
  { directory }: Readers,
  project: AuthProject,
  userId: string,
  caller: AuthCaller,
): Promise<readonly Factor[]> {
  const work = async (rows: UserTransaction) => rows.factors.of([(await requireRow(rows, userId)).id]);
  return directory.with(project.id, work, caller);
}

/** @throws {AuthError} 404 user_not_found, of what is no id, too */
export async function requireRow(rows: UserTransaction, id: string, lock?: Lock): Promise<User> {
  const user = isUuid(id) ? await rows.users.byId(id, lock) : undefined;
  if (user) return user;
  throw new AuthError(404, 'user_not_found', 'User not found');
}

function wholeNumber(name: string, text: string, otherwise: number, most: number): number {
  if (text === '') return otherwise;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > most) throw invalid(`Bad Pagination Parameters: ${name} is from 1 to ${most}`);
  return number;
}
