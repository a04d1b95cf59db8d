/** A project's events as they happen, each with what it made of the project. */
import type { Recorded } from '../../domain/decider.ts';
import type { ProjectEvent } from '../../domain/project/events.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { Project } from '../../domain/project/project.ts';
import { ownedSince } from '../../application/project/load-project.ts';
import { readOrEmpty, recorded } from '../../application/handle.ts';
import type { EventStore, StoredEvent } from '../../application/ports/event-store.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import { withoutSealed } from '../../projections/audit-trail/audit-trail.ts';
import type { ServerSentEvent } from '../http/stream-reply.ts';

/** A revision, or the event that began the latest process. */
export type Beginning = number | 'latest-process';

export interface Following {
  readonly id: ProjectId;
  readonly history: readonly StoredEvent[];
  readonly from: Beginning;
}

export async function* followProject(
  { store, watch }: { readonly store: EventStore; readonly watch: StreamWatch },
  { id, history, from }: Following,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const stream = projectStream(id);
  const told = tell(history, projectDecider.initial);
  const begun = from === 'latest-process' ? (told.findLast(begins)?.event.revision ?? 0) : from;
  const first = Math.max(begun, ownedSince(history));
  for (const one of told) if (one.event.revision >= first) yield shown(one);
  let after = told.at(-1)?.after ?? projectDecider.initial;
  let next = Math.max(history.length, first);
  for (;;) {
    const look = async () => {
      const found = await readOrEmpty(store, stream, { from: next });
      return found.length > 0 ? found : undefined;
    };
    const news = await watch.until(stream, look, signal);
    if (!news) return;
    for (const one of tell(news, after)) {
      after = one.after;
      yield shown(one);
    }
    next += news.length;
  }
}

interface Told {
  readonly event: StoredEvent;
  readonly after: Project;
}

function tell(events: readonly StoredEvent[], before: Project): readonly Told[] {
  const facts: readonly Recorded<ProjectEvent>[] = recorded<ProjectEvent>(events);
  let after = before;
  return events.map((event, at) => {
    const fact = facts[at];
    if (fact) after = projectDecider.evolve(after, fact);
    return { event, after };
  });
}

const begins = ({ event, after }: Told): boolean =>
  after.kind === 'project' && after.run?.number === event.revision;

function shown({ event, after }: Told): ServerSentEvent {
  const run = after.kind === 'project' ? after.run : null;
  return {
    id: String(event.revision),
    event: event.type,
    data: {
      type: event.type,
      revision: event.revision,
      position: event.position.toString(),
      recorded_at: event.recordedAt.toISOString(),
      actor: event.metadata.actor,
      correlation_id: event.metadata.correlationId,
      data: withoutSealed(event.data),
      status: after.kind === 'project' ? after.status : null,
      process: run && { process: run.process, began: run.number, undoing: run.undoing?.step ?? null },
    },
  };
}
