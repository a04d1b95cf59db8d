/**
 * Writing a batch, also when an event in it cannot be written. Such an event is set aside together with the
 * later ones of its stream, whose rows would be wrong without it; all other streams go on.
 */
import pg from 'pg';
import type { EventBatch, StoredEvent } from '../application/ports/event-store.ts';
import type { Target } from './projection.ts';
import { transaction } from './transaction.ts';

export type Readable = Pick<EventBatch, 'events' | 'unreadable'>;

/**
 * One transaction: `begin`, then the events, or what is left of them when the ones that fail are parked.
 * @param batch in the order of the log
 * @param begin claims the right to write; false: nothing is written
 * @returns what `begin` said
 * @throws whatever is not the events' fault: a lost connection, a missing table
 */
export async function writeBatch(
  client: pg.ClientBase,
  target: Target,
  batch: Readable,
  begin: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<boolean> {
  const { events, unreadable } = batch;
  const write = (apply: () => Promise<void>) =>
    transaction(client, async () => {
      if (!(await begin())) return false;
      await apply();
      return true;
    });
  try {
    return await write(async () => {
      const parked = await enterWith(client, target, events);
      if (unreadable.length > 0) await applyOrPark(client, target, batch);
      else if (parked.size === 0) await target.projection.apply(events, client);
      else await applyPart(client, target, events, parked);
    });
  } catch (error) {
    if (!mayBePoison(error)) throw error;
    // a second try, in parts, that fails here too when the connection is what failed
    return await write(async () => {
      await enter(client, target);
      await applyOrPark(client, target, batch);
    });
  }
}

/** The rest of the transaction names the target's tables bare. */
export async function enter(tx: pg.ClientBase, target: Target): Promise<void> {
  await tx.query(`SET LOCAL search_path TO ${pg.escapeIdentifier(target.schema)}`);
}

/** The same, in the round trip that asks which of the events' streams are parked. */
async function enterWith(
  tx: pg.ClientBase,
  { schema, parkedAs }: Target,
  events: readonly StoredEvent[],
): Promise<Set<string>> {
  const { rows } = await tx.query<{ parked: string[] }>({
    name: 'enter view',
    text: `SELECT set_config('search_path', $1, true),
      ARRAY(SELECT DISTINCT stream FROM projection.parked WHERE projection = $2 AND stream = ANY ($3)) AS parked`,
    values: [pg.escapeIdentifier(schema), parkedAs, [...new Set(events.map(({ stream }) => stream))]],
  });
  return new Set(rows[0]?.parked);
}

/** Inside a transaction that has entered the target. What cannot be read is set aside at its place in the order. */
export async function applyOrPark(
  tx: pg.ClientBase,
  target: Target,
  { events, unreadable }: Readable,
): Promise<void> {
  const parked = await parkedStreams(tx, target, events);
  let rest = events;
  for (const unknown of unreadable) {
    const before = rest.filter(({ position }) => position < unknown.position);
    rest = rest.slice(before.length);
    await applyPart(tx, target, before, parked);
    parked.add(unknown.stream);
    await park(tx, target, [unknown], `version ${unknown.version} of it is not known to this release`);
  }
  await applyPart(tx, target, rest, parked);
}

/** Halves what fails until the one event is found that cannot be written. */
async function applyPart(
  tx: pg.ClientBase,
  target: Target,
  events: readonly StoredEvent[],
  parked: Set<string>,
): Promise<void> {
  const late = events.filter(({ stream }) => parked.has(stream));
  if (late.length > 0) await park(tx, target, late, 'an earlier event of its stream is parked');
  const rest = events.filter(({ stream }) => !parked.has(stream));
  const [first] = rest;
  if (!first) return;
  const failure = await tryApply(tx, target, rest);
  if (!failure) return;
  if (rest.length === 1) {
    parked.add(first.stream);
    await park(tx, target, rest, failure.reason);
    return;
  }
  const middle = Math.ceil(rest.length / 2);
  await applyPart(tx, target, rest.slice(0, middle), parked);
  await applyPart(tx, target, rest.slice(middle), parked);
}

async function tryApply(
  tx: pg.ClientBase,
  target: Target,
  events: readonly StoredEvent[],
): Promise<{ reason: string } | undefined> {
  await tx.query('SAVEPOINT part');
  try {
    await target.projection.apply(events, tx);
    await tx.query('RELEASE SAVEPOINT part');
    return undefined;
  } catch (error) {
    if (!mayBePoison(error)) throw error;
    // fails when it was the connection: then nothing is parked
    await tx.query('ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part');
    return { reason: reasonOf(error) };
  }
}

/**
 * Data that the tables refuse, or code that stumbles over an event. Anything else that PostgreSQL says (it is
 * going down, a table is missing, no permission) would hit every event alike and must not park them.
 */
function mayBePoison(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || /^(21|22|23|54|P0)/.test(error.code ?? '');
}

/** Without the message of PostgreSQL, which repeats values. */
function reasonOf(error: unknown): string {
  if (error instanceof pg.DatabaseError) {
    return [`PostgreSQL ${error.code}`, error.table, error.column, error.constraint]
      .filter(Boolean)
      .join(' ');
  }
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 200) : 'an unexpected error';
}

async function parkedStreams(
  tx: pg.ClientBase,
  target: Target,
  events: readonly StoredEvent[],
): Promise<Set<string>> {
  if (events.length === 0) return new Set();
  const { rows } = await tx.query<{ stream: string }>(
    'SELECT DISTINCT stream FROM projection.parked WHERE projection = $1 AND stream = ANY ($2)',
    [target.parkedAs, [...new Set(events.map(({ stream }) => stream))]],
  );
  return new Set(rows.map(({ stream }) => stream));
}

async function park(
  tx: pg.ClientBase,
  target: Target,
  events: readonly Pick<StoredEvent, 'position' | 'stream' | 'revision' | 'type'>[],
  reason: string,
): Promise<void> {
  await tx.query(
    `INSERT INTO projection.parked (projection, position, stream, revision, event_type, reason, parked_at)
     SELECT $1, position, stream, revision, event_type, $6, now()
     FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[]) AS event (position, stream, revision, event_type)`,
    [
      target.parkedAs,
      events.map(({ position }) => position),
      events.map(({ stream }) => stream),
      events.map(({ revision }) => revision),
      events.map(({ type }) => type),
      reason,
    ],
  );
}
