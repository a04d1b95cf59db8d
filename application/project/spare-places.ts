/** The places that spare projects hold, for whoever has a project that needs one. */
import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { ProjectStatus } from '../../domain/project/project.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import { handle } from '../handle.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { StreamWatch } from '../stream-watch.ts';
import type { SparePlaces } from './admissions.ts';
import { loadProject } from './load-project.ts';

export interface SparePlacesDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly watch: StreamWatch;
  /** spares of which anything may stand, by a read model; their streams decide */
  readonly listed: () => Promise<readonly { readonly id: ProjectId; readonly status: ProjectStatus }[]>;
  readonly serverOf: (project: ProjectId) => Promise<ServerName>;
}

/** for one to be gone: whoever needs its place gets no other answer meanwhile */
const GONE_WITHIN_MS = 20_000;

/** Those that go already, or are of no use yet, before those that stand ready. */
const ORDER: readonly ProjectStatus[] = ['purging', 'provisioning', 'spare'];

export function sparePlaces(dependencies: SparePlacesDependencies): SparePlaces {
  const { listed, serverOf } = dependencies;
  const heldOn = async (server: ServerName): Promise<readonly ProjectId[]> => {
    const held = (await listed()).filter(({ status }) => ORDER.includes(status));
    const servers = await Promise.all(held.map(({ id }) => serverOf(id)));
    return held
      .filter((_one, at) => servers[at] === server)
      .toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))
      .map(({ id }) => id);
  };
  return {
    count: async (server) => (await heldOn(server)).length,
    async free(server, places) {
      const ends = (await heldOn(server)).slice(0, places).map((id) => giveUp(dependencies, id));
      return (await Promise.all(ends)).filter((gone) => gone).length;
    },
  };
}

/** @returns whether nothing of it is left; not, when somebody claimed it first */
async function giveUp({ store, ids, watch }: SparePlacesDependencies, id: ProjectId): Promise<boolean> {
  const actor = { kind: 'process', id: 'admissions' } as const;
  const metadata = {
    correlationId: ids.uuid(),
    causationId: null,
    actor,
    reason: 'a project needs its place',
  };
  const command = { kind: 'GiveUpSpare', because: 'room' } as const;
  const stream = projectStream(id);
  await handle({ store, ids }, projectDecider, stream, command, metadata);
  const settled = async () => {
    const status = (await loadProject(store, id))?.project.status;
    return status !== undefined && !ORDER.includes(status) ? status : undefined;
  };
  const status = await watch.until(stream, settled, AbortSignal.timeout(GONE_WITHIN_MS));
  return status === 'purged';
}
