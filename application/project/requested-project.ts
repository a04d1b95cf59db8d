import type { ProjectEvent } from '../../domain/project/events.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { readOrEmpty } from '../handle.ts';
import type { CommandLog, StoredEvent } from '../ports/event-store.ts';

type Of<Type extends ProjectEvent['type']> = Extract<ProjectEvent, { type: Type }>['data'];

/** A project as it was asked for. */
export type RequestedProject = Pick<Of<'ProjectRequested'>, 'projectId' | 'name' | 'displayName'>;

/** What became of a request: a project of its own, or the spare that it chose and got. @returns undefined: none so far */
export async function requestedProject(
  store: Pick<CommandLog, 'readStream'>,
  request: ProjectId,
): Promise<RequestedProject | undefined> {
  const stream = projectStream(request);
  const [first] = await readOrEmpty(store, stream, { to: 0 });
  if (first?.type === 'ProjectRequested') return first.data as Of<'ProjectRequested'>;
  if (first?.type !== 'SpareChosen') return undefined;
  const tried = await readOrEmpty(store, stream);
  const own = dataOf('ProjectRequested', tried);
  if (own) return own;
  const chosen = dataOf('SpareChosen', tried.toReversed());
  if (!chosen) return undefined;
  const claim = dataOf('SpareClaimed', await readOrEmpty(store, projectStream(chosen.spare)));
  return claim?.requestedAs === request ? claim : undefined;
}

const dataOf = <Type extends ProjectEvent['type']>(type: Type, history: readonly StoredEvent[]) =>
  history.find((event) => event.type === type)?.data as Of<Type> | undefined;
