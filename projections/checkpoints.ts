/** How far each projection has come: one row each, in the schema `projection` beside the views. */
import type pg from 'pg';
import type { Position } from '../application/ports/event-store.ts';
import type { Projection } from './projection.ts';
import { transaction, withClient } from './transaction.ts';

export interface Checkpoint {
  readonly position: Position;
  /** 0: never built */
  readonly version: number;
}

const TABLES = `
  CREATE SCHEMA IF NOT EXISTS projection;
  CREATE TABLE IF NOT EXISTS projection.checkpoints (
    name text PRIMARY KEY,
    version int NOT NULL,
    position bigint NOT NULL,
    -- counts the leaders: whoever holds an older number has lost and may not write
    fence bigint NOT NULL
  );
  CREATE TABLE IF NOT EXISTS projection.parked (
    projection text NOT NULL,
    position bigint NOT NULL,
    stream text NOT NULL,
    revision bigint NOT NULL,
    event_type text NOT NULL,
    reason text NOT NULL,
    parked_at timestamptz NOT NULL,
    PRIMARY KEY (projection, position)
  );
  CREATE INDEX IF NOT EXISTS parked_by_stream ON projection.parked (projection, stream);
`;

/** Makes the tables and the projection's row if they are missing. */
export async function ensureCheckpoint(pool: pg.Pool, name: string): Promise<void> {
  await withClient(pool, async (client) => {
    const { rows } = await client.query<{ there: boolean }>(
      `SELECT to_regclass('projection.parked_by_stream') IS NOT NULL AS there`,
    );
    if (!rows[0]?.there) {
      await transaction(client, async () => {
        // IF NOT EXISTS alone fails for one of two that come at once
        await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('projection tables', 0))`);
        await client.query(TABLES);
      });
    }
    await client.query(
      `INSERT INTO projection.checkpoints (name, version, position, fence) VALUES ($1, 0, 0, 0)
       ON CONFLICT (name) DO NOTHING`,
      [name],
    );
  });
}

interface CheckpointRow {
  readonly position: string;
  readonly version: number;
}

const toCheckpoint = (row: CheckpointRow): Checkpoint => ({
  position: BigInt(row.position),
  version: row.version,
});

export async function readCheckpoint(pool: pg.Pool | pg.ClientBase, name: string): Promise<Checkpoint> {
  return theOne(
    await (pool as pg.Pool).query<CheckpointRow>(
      'SELECT version, position FROM projection.checkpoints WHERE name = $1',
      [name],
    ),
  );
}

/** Those of the projections that nobody has built yet. */
export async function notBuilt(
  pool: pg.Pool,
  projections: readonly Pick<Projection, 'name'>[],
): Promise<readonly string[]> {
  const there = await pool.query<{ there: boolean }>(
    `SELECT to_regclass('projection.checkpoints') IS NOT NULL AS there`,
  );
  const names = projections.map(({ name }) => name);
  if (!there.rows[0]?.there) return names;
  const { rows } = await pool.query<{ name: string }>(
    'SELECT name FROM projection.checkpoints WHERE version > 0',
  );
  return names.filter((name) => !rows.some((row) => row.name === name));
}

/** How far each projection is. */
export async function readCheckpoints(
  pool: pg.Pool,
): Promise<readonly { readonly name: string; readonly position: Position }[]> {
  const { rows } = await pool.query<{ name: string; position: string }>(
    'SELECT name, position FROM projection.checkpoints',
  );
  return rows.map(({ name, position }) => ({ name, position: BigInt(position) }));
}

/** The furthest that any projection has come. */
export async function furthestCheckpoint(pool: pg.Pool): Promise<Position> {
  const { rows } = await pool.query<{ position: string | null }>(
    'SELECT max(position) AS position FROM projection.checkpoints',
  );
  return BigInt(rows[0]?.position ?? 0);
}

/** Holds up the projection's writer, in whatever process it is, until the transaction ends. */
export async function lockCheckpoint(tx: pg.ClientBase, name: string): Promise<Checkpoint> {
  return theOne(
    await tx.query<CheckpointRow>(
      'SELECT version, position FROM projection.checkpoints WHERE name = $1 FOR UPDATE',
      [name],
    ),
  );
}

function theOne({ rows: [row] }: pg.QueryResult<CheckpointRow>): Checkpoint {
  if (!row) throw new Error('the checkpoint of a projection is missing');
  return toCheckpoint(row);
}

/** A leader's right to write, from where to where. */
export interface Term {
  readonly fence: bigint;
  readonly position: Position;
}

/**
 * Makes all earlier leaders lose.
 * @returns undefined when the view is of another version by now
 */
export async function beginTerm(pool: pg.Pool, { name, version }: Projection): Promise<Term | undefined> {
  const { rows } = await pool.query<{ fence: string; position: string }>(
    `UPDATE projection.checkpoints SET fence = fence + 1 WHERE name = $1 AND version = $2
     RETURNING fence, position`,
    [name, version],
  );
  return rows[0] && { fence: BigInt(rows[0].fence), position: BigInt(rows[0].position) };
}

/**
 * Moves the checkpoint, and locks it until the transaction ends. That transaction does not wait for the disk:
 * after a crash of PostgreSQL, rows and checkpoint are behind together, and the log has the rest.
 * @returns false when the term is over: another leader, another version, or another position
 */
export async function advance(
  tx: pg.Pool | pg.ClientBase,
  { name, version }: Projection,
  term: Term,
  to: Position,
): Promise<boolean> {
  const { rowCount } = await (tx as pg.Pool).query({
    name: 'advance view',
    text: `UPDATE projection.checkpoints SET position = $5
     WHERE name = $1 AND version = $2 AND fence = $3 AND position = $4
     RETURNING set_config('synchronous_commit', 'off', true)`,
    values: [name, version, term.fence, term.position, to],
  });
  return rowCount === 1;
}
