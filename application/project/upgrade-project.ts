import { projectDecider } from '../../domain/project/project-decider.ts';
import type { ProjectEvent } from '../../domain/project/events.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { isInService } from '../../domain/project/project-status.ts';
import type { ProjectStatus } from '../../domain/project/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { handle } from '../handle.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Secrets } from '../ports/secrets.ts';
import { loadProject, type LoadedProject } from './load-project.ts';

/** How an upgrade ended, or why there is none now. */
export type UpgradeVerdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly step: string; readonly reason: string }
  | { readonly kind: 'out-of-service'; readonly status: ProjectStatus | 'unknown' };

export interface UpgradeProjectDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly secrets: Secrets;
}

/**
 * Asks for a project's upgrade, again if something else went before it, and says how it ended. May be called as often
 * as one likes: whoever waits calls it after each event of the project.
 * @param metadata `correlationId` says whose wish it is: a failure that somebody else has met does not count
 * @returns undefined: not known yet, there will be news
 */
export async function upgradeProject(
  { store, ids, secrets }: UpgradeProjectDependencies,
  id: ProjectId,
  version: number,
  metadata: EventMetadata,
): Promise<UpgradeVerdict | undefined> {
  const loaded = await loadProject(store, id);
  const verdict = upgradeVerdict(loaded, version, metadata.correlationId);
  if (verdict || !loaded) return verdict;
  const { secrets: sealed, revision: ifRevision } = loaded.project;
  try {
    const completed = await secrets.completed(id, sealed, version);
    const command = { kind: 'UpgradeProject', version, secrets: completed } as const;
    await handle({ store, ids }, projectDecider, projectStream(id), command, metadata, { ifRevision });
  } catch (error) {
    // something is at work on it, or was just now: there will be news
    if (!(error instanceof Rejection)) throw error;
  }
  return undefined;
}

export function upgradeVerdict(
  loaded: LoadedProject | undefined,
  version: number,
  correlationId: string,
): UpgradeVerdict | undefined {
  if (!loaded) return { kind: 'out-of-service', status: 'unknown' };
  const { status, run, templateVersion } = loaded.project;
  if (!isInService(status)) return { kind: 'out-of-service', status };
  if (run?.process === 'upgrade') return undefined;
  if (templateVersion >= version) return { kind: 'done' };
  const failed = loaded.history.findLast(
    ({ type, metadata }) => type === FAILED && metadata.correlationId === correlationId,
  );
  if (!failed) return undefined;
  const { step, reason } = failed.data as Extract<ProjectEvent, { type: typeof FAILED }>['data'];
  return { kind: 'failed', step, reason };
}

const FAILED = 'ProjectUpgradeFailed';
