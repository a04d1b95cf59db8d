import type { ProjectId } from '../../domain/project/project-id.ts';
import type { EventStore } from '../ports/event-store.ts';
import { explainProject, type Explanation } from '../project/explain-project.ts';
import { loadProject } from '../project/load-project.ts';

/** Why a project is as it is, whoever has it. @returns undefined: the log knows no such project */
export async function explainAnyProject(store: EventStore, id: ProjectId): Promise<Explanation | undefined> {
  const loaded = await loadProject(store, id);
  return loaded && explainProject(loaded);
}
