import type pg from 'pg';
import { projectOfStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import type { Projection } from '../projection.ts';
import { begins, eventsByKey } from '../keyed-rows.ts';
import { prepared } from '../prepared.ts';
import { insertRows, upsertRows } from '../write-rows.ts';
import { stepsText } from './steps-text.ts';
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
  const byProject = eventsByKey(events, ({ stream }) => projectOfStream(stream));
  const known = await latestRuns(
    [...byProject].flatMap(([id, own]) => (begins(own) ? [] : [id])),
    tx,
  );
  const made: RunRow[] = [];
  const proceeded: RunRow[] = [];
  for (const [id, own] of byProject) {
    const before = known.get(id);
    for (const row of runsOf(processes, before, own))
      (row.run > (before?.run ?? 0) ? made : proceeded).push(row);
  }
  await insertRows(tx, 'runs', made.map(stored));
  await upsertRows(tx, 'runs', ['project_id', 'run'], proceeded);
}

/** What the events make of a project's runs from its latest one on. */
function runsOf(
  processes: ProcessTable,
  before: RunRow | undefined,
  events: readonly StoredEvent[],
): Iterable<RunRow> {
  let latest = before;
  const changed = new Map<number, RunRow>();
  for (const event of events)
    for (const row of evolveRuns(processes, latest, event)) {
      latest = row;
      changed.set(row.run, row);
    }
  return changed.values();
}

async function latestRuns(
  ids: readonly ProjectId[],
  tx: pg.ClientBase,
): Promise<ReadonlyMap<ProjectId, RunRow>> {
  if (ids.length === 0) return new Map();
  const { rows } = await tx.query<RunRow>({
    ...prepared(
      'SELECT DISTINCT ON (project_id) * FROM runs WHERE project_id = ANY ($1) ORDER BY project_id, run DESC',
    ),
    values: [ids],
  });
  return new Map(rows.map((row) => [row.project_id, row]));
}

const stored = (row: RunRow) => ({ ...row, steps: stepsText(row.steps) });
