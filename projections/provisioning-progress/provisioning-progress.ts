import type pg from 'pg';
import { projectOfStream } from '../../domain/project/project-id.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import type { Projection } from '../projection.ts';
import { insertRows, upsertRows } from '../write-rows.ts';
import { evolveRuns, type ProcessTable, type RunRow } from './process-run.ts';

/**
 * Every run of a process for a project with its steps, and which projects have work to do.
 * @param processes when its steps change, the version here has to go up
 */
export const provisioningProgress = (processes: ProcessTable): Projection => ({
  name: 'provisioning-progress',
  version: 2,
  schemaUrl: new URL('schema.sql', import.meta.url),
  indexesUrl: new URL('indexes.sql', import.meta.url),
  filter: { streamPrefix: 'project-' },
  apply: (events, tx) => applyRuns(processes, events, tx),
});

async function applyRuns(
  processes: ProcessTable,
  events: readonly StoredEvent[],
  tx: pg.ClientBase,
): Promise<void> {
  const ids = [...new Set(events.flatMap(({ stream }) => projectOfStream(stream) ?? []))];
  if (ids.length === 0) return;
  const { rows } = await tx.query<RunRow>(
    `SELECT DISTINCT ON (project_id) * FROM runs WHERE project_id = ANY ($1) ORDER BY project_id, run DESC`,
    [ids],
  );
  const latest = new Map<string, RunRow>(rows.map((row) => [row.project_id, row]));
  const before = new Map(latest);
  const changed = new Map<string, RunRow>();
  for (const event of events) {
    const id = projectOfStream(event.stream);
    if (id === undefined) continue;
    for (const row of evolveRuns(processes, latest.get(id), event)) {
      latest.set(id, row);
      changed.set(`${id} ${row.run}`, row);
    }
  }
  const isNew = ({ project_id, run }: RunRow) => run > (before.get(project_id)?.run ?? 0);
  const written = [...changed.values()];
  await insertRows(tx, 'runs', written.filter(isNew));
  await upsertRows(
    tx,
    'runs',
    ['project_id', 'run'],
    written.filter((row) => !isNew(row)),
  );
}
