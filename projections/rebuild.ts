/**
 * Builds a view anew from the log, beside the live one: commands and queries go on, and one short transaction
 * at the end puts the copy in the live one's place. Whatever breaks before that leaves the live view as it was.
 */
import type { ViewProgress } from '../application/background/watched-views.ts';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { InvalidPosition, type Position } from '../application/ports/event-store.ts';
import { ensureCheckpoint, lockCheckpoint, readCheckpoint } from './checkpoints.ts';
import { analyzeTables, compareRows, countRows, type Comparison } from './compare-rows.ts';
import { catchUp, fill, progressOf, type FillOptions, type Log } from './fill-view.ts';
import { enter } from './parking.ts';
import { liveTarget, nextTarget, type Projection, type Target } from './projection.ts';
import { longQuery, transaction, withClient } from './transaction.ts';

export interface Rebuilt {
  /** events written */
  readonly events: number;
  readonly rows: number;
  readonly position: Position;
  /** null: there was nothing to compare with, or it was of another version */
  readonly equal: boolean | null;
  readonly differing: Comparison['differing'];
  readonly durationMs: number;
}

/** a rebuild is rare and alone */
const INDEX_MEMORY = '128MB';
const COMPARE_MEMORY = '64MB';
const LOOK_AGAIN_MS = 200;
const WAITING: ViewProgress = {
  doing: 'waiting for another rebuild',
  done: 0,
  total: 1,
  events: 0,
  ratePerSecond: 0,
  secondsLeft: null,
};
const UNDEFINED_THING = /^(42|3F)/;

/**
 * Rebuilds a view, whatever state it is in, and switches to the copy even if it differs from the live view:
 * the log is the truth. Rebuilds of one view wait for one another. Needs a session of its own (no pooler that
 * shares sessions).
 */
export async function rebuild(
  projection: Projection,
  store: Log,
  pool: pg.Pool,
  options: FillOptions = {},
): Promise<Rebuilt> {
  await ensureCheckpoint(pool, projection.name);
  return withClient(pool, (client) =>
    alone(client, projection, options, () => build(projection, store, client, options)),
  );
}

/**
 * Builds the view unless it stands in this version.
 * @returns `newer`: a later release has taken the view over
 */
export async function ensureView(
  projection: Projection,
  store: Log,
  pool: pg.Pool,
  options: FillOptions = {},
): Promise<'ready' | 'newer'> {
  await ensureCheckpoint(pool, projection.name);
  const standing = await standingOf(pool, projection);
  if (standing !== 'outdated') return standing;
  return withClient(pool, (client) =>
    alone(client, projection, options, async () => {
      // somebody else may have built it while we waited
      const now = await standingOf(client, projection);
      if (now !== 'outdated') return now;
      await build(projection, store, client, options);
      return 'ready';
    }),
  );
}

/** Names of the views that are not there in the version that this release has. */
export async function missingViews(
  projections: readonly Projection[],
  pool: pg.Pool,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const projection of projections) {
    await ensureCheckpoint(pool, projection.name);
    if ((await standingOf(pool, projection)) === 'outdated') missing.push(projection.name);
  }
  return missing;
}

async function standingOf(
  client: pg.Pool | pg.ClientBase,
  projection: Projection,
): Promise<'ready' | 'newer' | 'outdated'> {
  const { version } = await readCheckpoint(client, projection.name);
  if (version > projection.version) return 'newer';
  const exists = await schemaExists(client, liveTarget(projection).schema);
  return version === projection.version && exists ? 'ready' : 'outdated';
}

async function schemaExists(client: pg.Pool | pg.ClientBase, schema: string): Promise<boolean> {
  const { rowCount } = await (client as pg.Pool).query('SELECT FROM pg_namespace WHERE nspname = $1', [
    schema,
  ]);
  return rowCount === 1;
}

/**
 * One rebuild of a view at a time. The lock is asked for again and again: a statement that waits for it is ended long
 * before a rebuild is. A failure ends the session, and the lock with it.
 */
async function alone<T>(
  client: pg.ClientBase,
  { name }: Projection,
  { onProgress, signal }: FillOptions,
  work: () => Promise<T>,
): Promise<T> {
  const key = [`rebuild of ${name}`];
  const lock = 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS won';
  for (;;) {
    const { rows } = await client.query<{ won: boolean }>(lock, key);
    if (rows[0]?.won) break;
    onProgress?.(WAITING);
    await sleep(LOOK_AGAIN_MS, undefined, { ...(signal && { signal }) });
  }
  const result = await work();
  await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', key);
  return result;
}

async function build(
  projection: Projection,
  store: Log,
  client: pg.ClientBase,
  options: FillOptions,
): Promise<Rebuilt> {
  const startedAt = performance.now();
  const next = nextTarget(projection);
  const old = `${liveTarget(projection).schema}__old`;
  await makeSchema(client, next, old);
  const filled = await fill(store, client, next, options, startedAt);
  const tell = (doing: ViewProgress['doing']) =>
    options.onProgress?.({ ...progressOf(filled, filled.position, startedAt), doing });
  tell('making indexes');
  await makeIndexes(client, next);
  tell('comparing');
  const switched = await switchOver(projection, store, client, filled.position, old);
  // no longer found by any query; the ones that still read it are waited for
  await client.query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(old)} CASCADE`);
  return {
    ...switched,
    events: filled.events + switched.events,
    durationMs: performance.now() - startedAt,
  };
}

/** An empty copy; whatever a broken rebuild has left behind goes. */
async function makeSchema(client: pg.ClientBase, next: Target, old: string): Promise<void> {
  const tables = await readFile(next.projection.schemaUrl, 'utf8');
  await transaction(client, async () => {
    for (const schema of [old, next.schema]) {
      await client.query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(schema)} CASCADE`);
    }
    await client.query('DELETE FROM projection.parked WHERE projection = $1', [next.parkedAs]);
    await client.query(`CREATE SCHEMA ${pg.escapeIdentifier(next.schema)}`);
    await enter(client, next);
    await client.query(tables);
  });
}

/** Made of all rows at once they cost a fraction of what they would cost row by row. */
async function makeIndexes(client: pg.ClientBase, next: Target): Promise<void> {
  const { indexesUrl } = next.projection;
  const indexes = indexesUrl ? await readFile(indexesUrl, 'utf8') : '';
  await transaction(client, async () => {
    await enter(client, next);
    await client.query(`SET LOCAL maintenance_work_mem TO '${INDEX_MEMORY}'`);
    await longQuery(client, indexes);
    await analyzeTables(client, next.schema);
  });
}

/**
 * Brings the copy and the live view to the same place, compares them, and puts the copy in the live one's
 * place. Renaming waits for no query and no query waits for it; only the live view's writer has to.
 */
function switchOver(
  projection: Projection,
  store: Log,
  client: pg.ClientBase,
  built: Position,
  old: string,
): Promise<Omit<Rebuilt, 'durationMs'>> {
  const live = liveTarget(projection);
  const next = nextTarget(projection);
  return transaction(client, async () => {
    const checkpoint = await lockCheckpoint(client, projection.name);
    // a view that has followed another log differs, and that must not keep it from being replaced
    const ofThisLog = await isPlaceOf(store, checkpoint.position);
    const wanted = ofThisLog && checkpoint.position > built ? checkpoint.position : built;
    const { events, position } = await catchUp(store, client, next, built, wanted);
    const exists = await schemaExists(client, live.schema);
    const comparison =
      exists && checkpoint.version === projection.version
        ? ofThisLog
          ? await compareWithLive(store, client, projection, checkpoint.position, position)
          : { equal: false, differing: [] }
        : null;
    const rows = await countRows(client, next.schema);
    if (exists) await rename(client, live.schema, old);
    await rename(client, next.schema, live.schema);
    await client.query('DELETE FROM projection.parked WHERE projection = $1', [live.parkedAs]);
    await client.query('UPDATE projection.parked SET projection = $1 WHERE projection = $2', [
      live.parkedAs,
      next.parkedAs,
    ]);
    await client.query('UPDATE projection.checkpoints SET version = $2, position = $3 WHERE name = $1', [
      projection.name,
      projection.version,
      position,
    ]);
    return {
      events,
      rows,
      position,
      equal: comparison?.equal ?? null,
      differing: comparison?.differing ?? [],
    };
  });
}

const isPlaceOf = (store: Log, position: Position): Promise<boolean> =>
  store.readAll({ after: position, limit: 1 }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof InvalidPosition) return false;
      throw error;
    },
  );

const rename = (client: pg.ClientBase, from: string, to: string): Promise<unknown> =>
  client.query(`ALTER SCHEMA ${pg.escapeIdentifier(from)} RENAME TO ${pg.escapeIdentifier(to)}`);

/** A live view that lags behind is brought up to date first, so that only real differences count. */
async function compareWithLive(
  store: Log,
  client: pg.ClientBase,
  projection: Projection,
  from: Position,
  to: Position,
): Promise<Comparison> {
  const live = liveTarget(projection);
  await client.query('SAVEPOINT compare');
  try {
    await catchUp(store, client, live, from, to);
    await client.query(`SET LOCAL work_mem TO '${COMPARE_MEMORY}'`);
    return await compareRows(client, live.schema, nextTarget(projection).schema);
  } catch (error) {
    // somebody has changed its tables: it differs, and that must not keep it from being replaced
    if (!(error instanceof pg.DatabaseError) || !UNDEFINED_THING.test(error.code ?? '')) throw error;
    await client.query('ROLLBACK TO SAVEPOINT compare');
    return { equal: false, differing: [] };
  }
}
