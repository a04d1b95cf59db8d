import { projectAccessStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { ProjectAccessEvent } from '../../domain/project/events.ts';
import { statementName, statementShape } from '../../domain/project/sql-statement.ts';
import { appendSettled } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { RecentAccesses } from './recent-accesses.ts';
import { SqlFailed, type ProjectSql, type SqlOutcome } from '../ports/project-sql.ts';

type Recorder = { readonly store: EventStore; readonly ids: Ids; readonly recent: RecentAccesses };

/**
 * Appends who looked at a project's secrets, or ran SQL in it. It changes nothing of the project itself. The same by the
 * same one from the same address within a minute is one event.
 */
export async function recordAccess(
  { store, ids, recent }: Recorder,
  projectId: ProjectId,
  { type, data }: ProjectAccessEvent,
  metadata: EventMetadata,
): Promise<void> {
  const { durationMs: _, ...what } = { durationMs: 0, ...data };
  const same = JSON.stringify([type, what, metadata.actor, metadata.ip]);
  await recent.once(projectId, same, () =>
    appendSettled(store, projectAccessStream(projectId), 'any', [{ id: ids.uuid(), type, data, metadata }]),
  );
}

/**
 * Runs the owner's SQL and records that it ran: its shape, how it ended, how long it took, and no value of it.
 * @throws {SqlFailed} @throws {Unavailable}
 */
export async function runSql(
  recorder: Recorder & { readonly sql: ProjectSql; readonly clock: Clock },
  projectId: ProjectId,
  ownerPassword: string,
  statement: Parameters<ProjectSql['run']>[2],
  metadata: EventMetadata,
  signal: AbortSignal,
): Promise<SqlOutcome> {
  recorder.recent.requireRoom(projectId);
  const shape = statementShape(statement.query);
  const startedAt = recorder.clock.elapsedMs();
  const record = (outcome: string) =>
    recordAccess(
      recorder,
      projectId,
      {
        type: 'SqlExecuted',
        data: {
          projectId,
          fingerprint: recorder.ids.uuidFor(shape),
          statement: statementName(shape),
          outcome,
          durationMs: Math.round(recorder.clock.elapsedMs() - startedAt),
        },
      },
      metadata,
    );
  try {
    const outcome = await recorder.sql.run(projectId, ownerPassword, statement, signal);
    await record('ok');
    return outcome;
  } catch (error) {
    await record(error instanceof SqlFailed ? `sqlstate ${error.code}` : 'cut off');
    throw error;
  }
}
