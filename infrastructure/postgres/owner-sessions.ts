import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { ownerRole, type ProjectId } from '../../domain/project/project-id.ts';

const LOOKS = 10;
const LOOK_EVERY_MS = 150;

export async function endAllSessions(client: pg.ClientBase, project: ProjectId): Promise<void> {
  await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [
    ownerRole(project),
  ]);
}

/** Those that were there when it began; a pooled one is idle for a moment between two transactions. */
export async function endIdleSessions(client: pg.ClientBase, project: ProjectId): Promise<void> {
  const { rows } = await client.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  for (let looks = 0; looks < LOOKS; looks++) {
    const { rows: seen } = await client.query<{ ended: boolean }>(
      `SELECT coalesce(state, '') = 'idle' AND pg_terminate_backend(pid) AS ended FROM pg_stat_activity
       WHERE usename = $1 AND backend_start < $2::timestamptz`,
      [ownerRole(project), rows[0]?.now],
    );
    if (seen.every(({ ended }) => ended)) return;
    await sleep(LOOK_EVERY_MS);
  }
}
