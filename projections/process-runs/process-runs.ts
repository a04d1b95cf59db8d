import type pg from 'pg';
import { projectOfStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import type { Projection } from '../projection.ts';
import { insertRows, upsertRows } from '../write-rows.ts';
import { evolveRuns, type ProcessTable, type RunRow } from './process-run.ts';

/**
 * Every run of a process for a project with its steps, and which projects have work to do.
 * @param processes when its steps change, the version here has to go up
 */
export const processRuns = (processes: ProcessTable): Projection => ({
  name: 'process-runs',
  version: 3,
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
  const about = events.flatMap((event) => {
    const id = projectOfStream(event.stream);
    return id === undefined ? [] : [{ id, event }];
  });
  const ids = [...new Set(about.map(({ id }) => id))];
  if (ids.length === 0) return;
  const { rows } = await tx.query<RunRow>(
    `SELECT DISTINCT ON (project_id) * FROM runs WHERE project_id = ANY ($1) ORDER BY project_id, run DESC`,
    [ids],
  );
  const known = new Map<ProjectId, RunRow>(rows.map((row) => [row.project_id, row]));
  /** of each project, by their numbers */
  const changed = new Map<ProjectId, Map<number, RunRow>>(ids.map((id) => [id, new Map()]));
  const latest = new Map(known);
  for (const { id, event } of about) {
    for (const row of evolveRuns(processes, latest.get(id), event)) {
      latest.set(id, row);
      changed.get(id)?.set(row.run, row);
    }
  }
  const made: RunRow[] = [];
  const proceeded: RunRow[] = [];
  for (const row of [...changed.values()].flatMap((runs) => [...runs.values()]))
    (row.run > (known.get(row.project_id)?.run ?? 0) ? made : proceeded).push(row);
  await insertRows(tx, 'runs', made);
  await upsertRows(tx, 'runs', ['project_id', 'run'], proceeded);
}
