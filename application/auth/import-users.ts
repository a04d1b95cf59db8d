/**
 * Users of another such service, from a dump of its tables. Everything is judged before anything is written, so a broken line
 * leaves nothing half done. Then they are written some at a time, users first; whatever stops it, the same again goes on:
 * who is there already, by id, stays as they are.
 */
import {
  importedFactor,
  ImportFault,
  importedIdentity,
  ImportSkip,
  importedUser,
  type DumpRow,
} from '../../domain/auth/imported-rows.ts';
import type { Factor, Identity, User } from '../../domain/auth/user.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { AuthDependencies } from './auth-dependencies.ts';

export interface DumpLine {
  readonly line: number;
  /** `auth.users` */
  readonly table: string;
  readonly row: DumpRow;
}

export interface LineFault {
  readonly line: number;
  readonly why: string;
}

/** What a dump holds. */
export interface ImportPlan {
  readonly users: number;
  readonly identities: number;
  readonly factors: number;
  /** how many of what, and why */
  readonly skipped: ReadonlyMap<string, number>;
  /** the first of them */
  readonly faults: readonly LineFault[];
  readonly faultCount: number;
}

export interface ImportOutcome {
  readonly imported: number;
  readonly alreadyThere: number;
  /** their address, telephone or identity is somebody else's; the first of them */
  readonly taken: readonly string[];
  readonly takenCount: number;
}

type Source = () => AsyncIterable<DumpLine>;
interface UserEntry {
  readonly kind: 'user';
  readonly user: User;
}
interface IdentityEntry {
  readonly kind: 'identity';
  readonly identity: Identity;
}
interface FactorEntry {
  readonly kind: 'factor';
  readonly factor: Factor;
}
type Entry = UserEntry | IdentityEntry | FactorEntry;
type EntryOf<K extends Entry['kind']> = Extract<Entry, { readonly kind: K }>;

const TABLES = { user: 'auth.users', identity: 'auth.identities', factor: 'auth.mfa_factors' } as const;
const USERS = TABLES.user;

const SHOWN = 20;
/** one transaction: it holds nobody up for long */
const BATCH = 200;

type Importers = Pick<AuthDependencies, 'directory' | 'ids'>;

/** Reads all of it, and writes nothing. */
export async function planImport(deps: Pick<Importers, 'ids'>, source: Source): Promise<ImportPlan> {
  const [users, owners] = [new Set<string>(), new Map<string, number>()];
  const [skipped, faults] = [new Map<string, number>(), [] as LineFault[]];
  const counts = { user: 0, identity: 0, factor: 0, fault: 0 };
  const fault = (line: number, why: string) => {
    if (faults.length < SHOWN) faults.push({ line, why });
    counts.fault++;
  };
  for await (const { line, table, row } of source()) {
    const id = (row['id'] ?? '').toLowerCase();
    if (table === USERS && users.has(id)) fault(line, 'the id is there twice');
    if (table === USERS) users.add(id);
    try {
      const entry = entryOf(deps, { table, row });
      if (!entry) continue;
      counts[entry.kind]++;
      if (entry.kind !== 'user') owners.set(ownerOf(entry), line);
    } catch (error) {
      if (error instanceof ImportSkip) skipped.set(error.message, (skipped.get(error.message) ?? 0) + 1);
      else if (error instanceof ImportFault) fault(line, error.message);
      else throw error;
    }
  }
  for (const [user, line] of owners)
    if (!users.has(user)) fault(line, 'it is of a user who is not in the file');
  const { user, identity, factor, fault: faultCount } = counts;
  return { users: user, identities: identity, factors: factor, skipped, faults, faultCount };
}

/** What {@link planImport} finds fault with is left out. A user comes with their second factors, or not at all. */
export async function importUsers(
  deps: Importers,
  project: ProjectId,
  source: Source,
  progress: (written: number) => void,
  signal: AbortSignal,
): Promise<ImportOutcome> {
  const factors = new Map<string, Factor[]>();
  for await (const { factor } of entriesOf(deps, source, 'factor'))
    factors.set(factor.userId, [...(factors.get(factor.userId) ?? []), factor]);
  const tally: Tally = { imported: 0, alreadyThere: 0, taken: [], takenCount: 0 };
  let written = 0;
  for await (const batch of batches(entriesOf(deps, source, 'user'))) {
    signal.throwIfAborted();
    const work = (rows: UserTransaction) => writeUsers(rows, batch, factors);
    const { made, known, taken } = await deps.directory.with(project, work, { signal });
    tally.imported += made;
    tally.alreadyThere += known;
    tally.taken.push(...taken.slice(0, SHOWN - tally.taken.length));
    tally.takenCount += taken.length;
    progress((written += batch.length));
  }
  for await (const batch of batches(entriesOf(deps, source, 'identity'))) {
    signal.throwIfAborted();
    const identities = batch.map(({ identity }) => identity);
    await deps.directory.with(project, (rows) => writeIdentities(rows, identities), { signal });
    progress((written += batch.length));
  }
  return tally;
}

interface Tally {
  imported: number;
  alreadyThere: number;
  readonly taken: string[];
  takenCount: number;
}

interface WrittenUsers {
  readonly made: number;
  /** already there */
  readonly known: number;
  readonly taken: readonly string[];
}

async function writeUsers(
  rows: UserTransaction,
  entries: readonly UserEntry[],
  factors: ReadonlyMap<string, readonly Factor[]>,
): Promise<WrittenUsers> {
  const made = new Set(await rows.users.insertNew(entries.map(({ user }) => user)));
  const others = entries.map(({ user }) => user).filter(({ id }) => !made.has(id));
  const known = await rows.users.known(others.map(({ id }) => id));
  // one by one, it says when it was a trigger of the owner's that kept somebody out
  for (const user of others)
    if (!known.has(user.id) && (await rows.users.insert(user)) !== undefined) made.add(user.id);
  for (const id of made) for (const factor of factors.get(id) ?? []) await rows.factors.insert(factor);
  const taken = others.map(({ id }) => id).filter((id) => !known.has(id) && !made.has(id));
  return { made: made.size, known: known.size, taken };
}

/** Of users who are there; those that they have are newer than the dump. */
async function writeIdentities(rows: UserTransaction, identities: readonly Identity[]): Promise<void> {
  const users = await rows.users.known([...new Set(identities.map(({ userId }) => userId))]);
  const there = await rows.identities.of([...users]);
  const known = new Set(there.map(({ provider, userId }) => `${provider} ${userId}`));
  await rows.identities.putNew(
    identities.filter(({ provider, userId }) => users.has(userId) && !known.has(`${provider} ${userId}`)),
  );
}

/** @throws {ImportFault} @throws {ImportSkip} */
function entryOf(
  { ids }: Pick<Importers, 'ids'>,
  { table, row }: Pick<DumpLine, 'table' | 'row'>,
): Entry | undefined {
  switch (table) {
    case USERS:
      return { kind: 'user', user: importedUser(row) };
    case TABLES.identity:
      return { kind: 'identity', identity: importedIdentity(row, (text) => ids.uuidFor(text)) };
    case TABLES.factor:
      return { kind: 'factor', factor: importedFactor(row) };
    default:
      return undefined;
  }
}

const ownerOf = (entry: IdentityEntry | FactorEntry): string =>
  entry.kind === 'identity' ? entry.identity.userId : entry.factor.userId;

async function* entriesOf<K extends Entry['kind']>(
  deps: Pick<Importers, 'ids'>,
  source: Source,
  kind: K,
): AsyncIterable<EntryOf<K>> {
  for await (const line of source()) {
    if (line.table !== TABLES[kind]) continue;
    try {
      const entry = entryOf(deps, line);
      if (entry?.kind === kind) yield entry as EntryOf<K>;
    } catch (error) {
      if (!(error instanceof ImportSkip || error instanceof ImportFault)) throw error;
    }
  }
}

async function* batches<T>(entries: AsyncIterable<T>): AsyncIterable<readonly T[]> {
  let batch: T[] = [];
  for await (const entry of entries) {
    batch.push(entry);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
