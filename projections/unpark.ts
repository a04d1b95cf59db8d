import type pg from 'pg';
import type { ParkedEvent } from '../application/background/watched-views.ts';
import { UnknownEventVersion, type EventStore } from '../application/ports/event-store.ts';
import { ensureCheckpoint, lockCheckpoint } from './checkpoints.ts';
import { applyOrPark, enter } from './parking.ts';
import { liveTarget, type Projection } from './projection.ts';
import { transaction, withClient } from './transaction.ts';

const LISTED = 1000;

/** The oldest parked events of a projection, at most 1000. */
export async function parkedEvents(pool: pg.Pool, projection: Projection): Promise<readonly ParkedEvent[]> {
  await ensureCheckpoint(pool, projection.name);
  const { rows } = await pool.query<{
    position: string;
    stream: string;
    revision: string;
    event_type: string;
    reason: string;
    parked_at: Date;
  }>(
    `SELECT position, stream, revision, event_type, reason, parked_at FROM projection.parked
     WHERE projection = $1 ORDER BY position LIMIT $2`,
    [liveTarget(projection).parkedAs, LISTED],
  );
  return rows.map((row) => ({
    position: BigInt(row.position),
    stream: row.stream,
    revision: Number(row.revision),
    type: row.event_type,
    reason: row.reason,
    parkedAt: row.parked_at,
  }));
}

/**
 * Tries parked events again, a stream at a time and in order; what still fails stays parked. Other writers of
 * the view wait meanwhile.
 * @returns how many events were written and how many are parked now
 */
export async function unpark(
  projection: Projection,
  store: Pick<EventStore, 'readStream'>,
  pool: pg.Pool,
): Promise<{ readonly written: number; readonly parked: number }> {
  await ensureCheckpoint(pool, projection.name);
  return withClient(pool, async (client) => {
    const { parkedAs } = liveTarget(projection);
    const { rows } = await client.query<{ stream: string }>(
      `SELECT stream FROM projection.parked WHERE projection = $1 GROUP BY stream ORDER BY min(position)`,
      [parkedAs],
    );
    let written = 0;
    let parked = 0;
    for (const { stream } of rows) {
      const result = await transaction(client, () => unparkStream(projection, store, client, stream));
      written += result.written;
      parked += result.parked;
    }
    return { written, parked };
  });
}

async function unparkStream(
  projection: Projection,
  store: Pick<EventStore, 'readStream'>,
  tx: pg.ClientBase,
  stream: string,
): Promise<{ written: number; parked: number }> {
  const target = liveTarget(projection);
  const { version } = await lockCheckpoint(tx, projection.name);
  if (version !== projection.version) throw new Error(`${projection.name} is of version ${version} by now`);
  const { rows } = await tx.query<{ revision: string }>(
    'SELECT revision FROM projection.parked WHERE projection = $1 AND stream = $2',
    [target.parkedAs, stream],
  );
  const revisions = new Set(rows.map(({ revision }) => Number(revision)));
  if (revisions.size === 0) return { written: 0, parked: 0 };
  const range = { from: Math.min(...revisions), to: Math.max(...revisions) };
  const history = await store.readStream(stream, range).catch((error: unknown) => {
    if (error instanceof UnknownEventVersion) return undefined;
    throw error;
  });
  // this release still cannot read it
  if (!history) return { written: 0, parked: revisions.size };
  await tx.query('DELETE FROM projection.parked WHERE projection = $1 AND stream = $2', [
    target.parkedAs,
    stream,
  ]);
  const events = history.filter(({ revision }) => revisions.has(revision));
  await enter(tx, target);
  await applyOrPark(tx, target, { events, unreadable: [] });
  const { rowCount } = await tx.query('SELECT FROM projection.parked WHERE projection = $1 AND stream = $2', [
    target.parkedAs,
    stream,
  ]);
  const parked = rowCount ?? 0;
  return { written: revisions.size - parked, parked };
}
