import { projectStorageStream, type ProjectId } from '../../domain/project/project-id.ts';
import { storageSettingsDecider, type VerifiedFiles } from '../../domain/storage/storage-settings-decider.ts';
import { handle } from '../handle.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import { loadKeptProject } from '../project/load-project.ts';
import type { Verified } from './verify-files.ts';

/** @throws {Rejection} project/not-found */
export async function recordVerification(
  dependencies: { readonly store: EventStore; readonly ids: Ids },
  projectId: ProjectId,
  found: VerifiedFiles,
  metadata: EventMetadata,
): Promise<void> {
  await loadKeptProject(dependencies.store, projectId);
  const command = { kind: 'RecordVerification', projectId, found } as const;
  const options = { lastTellsAll: true };
  await handle(
    dependencies,
    storageSettingsDecider,
    projectStorageStream(projectId),
    command,
    metadata,
    options,
  );
}

/** What several pieces have shown together. @param pieces of which the last one tells whether it is whole; none: nothing yet */
export function summed(
  pieces: readonly Pick<Verified, 'files' | 'bytes' | 'findings' | 'after'>[],
): VerifiedFiles {
  const findings = pieces.flatMap((piece) => piece.findings);
  const known = findings.filter(({ fault }) => fault !== 'unknown');
  const missing = known.filter(({ fault }) => fault === 'missing').length;
  const last = pieces.at(-1);
  return {
    files: pieces.reduce((all, { files }) => all + files, 0),
    bytes: pieces.reduce((all, { bytes }) => all + bytes, 0),
    missing,
    different: known.length - missing,
    unknown: findings.length - known.length,
    versions: known.flatMap(({ version }) => version ?? []),
    isWhole: last !== undefined && last.after === undefined,
  };
}
