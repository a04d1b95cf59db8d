/** Spare projects as those who request one meet them. The log decides who gets which; here it is only where to look. */
import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { ProjectEvent } from '../../domain/project/events.ts';
import type { SpareCommand } from '../../domain/project/project.ts';
import { fold } from '../../domain/decider.ts';
import { handle, readOrEmpty, recorded } from '../handle.ts';
import type { CommandLog, EventMetadata } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';

export type Claim = Extract<SpareCommand, { kind: 'ClaimSpare' }>;

export class Spares {
  readonly #ready: () => Promise<readonly ProjectId[]>;
  /** to requests that are under way in this process */
  readonly #given = new Set<ProjectId>();

  /** @param ready those that stand ready, by a read model, the oldest first; none are taken while it does not answer */
  constructor(ready: () => Promise<readonly ProjectId[]>) {
    this.#ready = ready;
  }

  /** One that can be claimed; until it is given back no other request of this process gets it. */
  async take(store: Pick<CommandLog, 'readStream'>, claim: Claim): Promise<ProjectId | undefined> {
    for (const id of await this.#ready().catch(() => [])) {
      if (this.#given.has(id)) continue;
      this.#given.add(id);
      const isReady = await canBeClaimed(store, id, claim).catch((error: unknown) => {
        this.#given.delete(id);
        throw error;
      });
      if (isReady) return id;
      this.#given.delete(id);
    }
    return undefined;
  }

  /** Also when it was claimed: the log knows that. */
  giveBack(id: ProjectId | undefined): void {
    if (id !== undefined) this.#given.delete(id);
  }
}

async function canBeClaimed(
  store: Pick<CommandLog, 'readStream'>,
  id: ProjectId,
  claim: Claim,
): Promise<boolean> {
  const history = await readOrEmpty(store, projectStream(id));
  return projectDecider.decide(claim, fold(projectDecider, recorded<ProjectEvent>(history))).length > 0;
}

/** @returns whose it is now; `ours`: an earlier try of this request had claimed it */
export async function claimSpare(
  dependencies: { readonly store: CommandLog; readonly ids: Ids },
  id: ProjectId,
  claim: Claim,
  metadata: EventMetadata,
): Promise<'claimed' | 'ours' | 'lost'> {
  const { state, position } = await handle(dependencies, projectDecider, projectStream(id), claim, metadata);
  if (position !== null) return 'claimed';
  return state.kind === 'project' && state.requestedAs === claim.requestedAs ? 'ours' : 'lost';
}
