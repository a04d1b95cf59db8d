/** Spare projects as those who request one meet them. The log decides who gets which; here it is only where to look. */
import { fold } from '../../domain/decider.ts';
import type { ProjectEvent } from '../../domain/project/events.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { SpareCommand } from '../../domain/project/project.ts';
import { appendSettled, handle, readOrEmpty, recorded } from '../handle.ts';
import { Conflict, type CommandLog, type EventMetadata } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';

export type Claim = Extract<SpareCommand, { kind: 'ClaimSpare' }>;

/** One that stood ready when it was looked at. */
export interface FoundSpare {
  readonly id: ProjectId;
  readonly revision: number;
  /** what its claim records */
  readonly claimed: readonly ProjectEvent[];
}

export class Spares {
  readonly #ready: () => Promise<readonly ProjectId[]>;
  /** to requests that are under way in this process */
  readonly #given = new Set<ProjectId>();

  /** @param ready those that stand ready, by a read model, the oldest first; none are taken while it does not answer */
  constructor(ready: () => Promise<readonly ProjectId[]>) {
    this.#ready = ready;
  }

  /** One that can be claimed; until it is given back no other request of this process gets it. */
  async take(store: Pick<CommandLog, 'readStream'>, claim: Claim): Promise<FoundSpare | undefined> {
    for (const id of await this.#ready().catch(() => [])) {
      if (this.#given.has(id)) continue;
      this.#given.add(id);
      const found = await lookAt(store, id, claim).catch((error: unknown) => {
        this.#given.delete(id);
        throw error;
      });
      if (found) return found;
      this.#given.delete(id);
    }
    return undefined;
  }

  /** Also when it was claimed: the log knows that. */
  giveBack(id: ProjectId | undefined): void {
    if (id !== undefined) this.#given.delete(id);
  }
}

async function lookAt(
  store: Pick<CommandLog, 'readStream'>,
  id: ProjectId,
  claim: Claim,
): Promise<FoundSpare | undefined> {
  const history = await readOrEmpty(store, projectStream(id));
  const claimed = projectDecider.decide(claim, fold(projectDecider, recorded<ProjectEvent>(history)));
  return claimed.length > 0 ? { id, revision: history.length - 1, claimed } : undefined;
}

type Dependencies = { readonly store: CommandLog; readonly ids: Ids };

/** At the revision that was looked at; if it has changed since, as it is now. @returns as {@link claimSpare} */
export async function claimFound(
  dependencies: Dependencies,
  { id, revision, claimed }: FoundSpare,
  claim: Claim,
  metadata: EventMetadata,
): Promise<'claimed' | 'ours' | 'lost'> {
  const { store, ids } = dependencies;
  const events = claimed.map(({ type, data }) => ({ id: ids.uuid(), type, data, metadata }));
  try {
    await appendSettled(store, projectStream(id), revision, events);
    return 'claimed';
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    return claimSpare(dependencies, id, claim, metadata);
  }
}

/** @returns whose it is now; `ours`: an earlier try of this request had claimed it */
export async function claimSpare(
  dependencies: Dependencies,
  id: ProjectId,
  claim: Claim,
  metadata: EventMetadata,
): Promise<'claimed' | 'ours' | 'lost'> {
  const stream = projectStream(id);
  const { state, position } = await handle(dependencies, projectDecider, stream, claim, metadata);
  if (position !== null) return 'claimed';
  return state.kind === 'project' && state.requestedAs === claim.requestedAs ? 'ours' : 'lost';
}
