/** Where the bytes of projects' files are, in the process that serves them; what they take; what sweeps up after them. */
import { ContainerModule } from 'inversify';
import type { PeriodicTask } from '../../application/background/background.ts';
import type { ObjectStore, Taken } from '../../application/ports/object-store.ts';
import { CountedObjectStore } from '../../application/storage/counted-object-store.ts';
import { CountedUploadSpool } from '../../application/storage/counted-upload-spool.ts';
import { FileUsage } from '../../application/storage/file-usage.ts';
import {
  removePurgedFiles,
  type RemovePurgedFilesDependencies,
} from '../../application/storage/remove-purged-files.ts';
import { SweepFiles } from '../../application/storage/sweep-files.ts';
import { DiskUploadSpool } from '../../infrastructure/storage/disk-upload-spool.ts';
import { PgStorageDirectory } from '../../infrastructure/storage/pg-storage-directory.ts';
import type { Metrics } from '../http/metrics.ts';
import { countedBytes } from '../storage/count-answers.ts';
import type { Machine } from './machine.ts';
import { needs } from './needs.ts';
import { filesFolder } from './open-object-store.ts';
import { tasksPart } from './tasks-part.ts';
import { PARTS, TOKENS } from './tokens.ts';

const MINUTE_MS = 60_000;
/** two looks at the same file have to be far apart */
const SWEEP_EVERY_MS = 6 * 60 * MINUTE_MS;
/** after the start: there is more to do then */
const FIRST_SWEEP_MS = 10 * MINUTE_MS;
const END_UPLOADS_EVERY_MS = 10 * MINUTE_MS;

export const fileStoreModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.fileUsage).toResolvedValue(
    (machine, projects) =>
      new FileUsage({
        store: filesOf(machine),
        limitsOf: async (project) => (await projects.find(project)).limits,
      }),
    [TOKENS.machine, TOKENS.storageProjects],
  );
  bind(TOKENS.objectStore).toResolvedValue(
    (machine, usage, { storage }) => countedBytes(new CountedObjectStore(filesOf(machine), usage), storage),
    [TOKENS.machine, TOKENS.fileUsage, TOKENS.metrics],
  );
  bind(TOKENS.uploadSpool).toResolvedValue(
    async (config, { directory }, usage) =>
      new CountedUploadSpool(await DiskUploadSpool.open(filesFolder(config, directory.path)), usage),
    [TOKENS.config, TOKENS.machine, TOKENS.fileUsage],
  );
  bind(TOKENS.storageDirectory).toResolvedValue(
    (connections) => new PgStorageDirectory(connections),
    [TOKENS.tenantConnections],
  );
  bind(PARTS.fileTasks).toResolvedValue(
    ...needs(
      {
        bytes: TOKENS.objectStore,
        usage: TOKENS.fileUsage,
        spool: TOKENS.uploadSpool,
        directory: TOKENS.storageDirectory,
        projects: TOKENS.storageProjects,
        store: TOKENS.store,
        files: TOKENS.projectFiles,
        clock: TOKENS.clock,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
        background: TOKENS.background,
      },
      ({ metrics, background, ...parts }) =>
        tasksPart(
          'file-tasks',
          background,
          tasksOf(new SweepFiles({ ...parts, swept: sweptBy(metrics) }), parts),
        ),
    ),
  );
});

function filesOf({ files }: Machine): ObjectStore {
  if (!files) throw new Error('this process keeps no files');
  return files;
}

const tasksOf = (sweep: SweepFiles, parts: RemovePurgedFilesDependencies): PeriodicTask[] => [
  {
    name: 'sweep-files',
    everyMs: (tookMs) => (tookMs === 0 ? FIRST_SWEEP_MS : SWEEP_EVERY_MS),
    atOnce: false,
    failed: 'could not sweep files',
    run: (signal) => sweep.sweep(signal),
  },
  {
    name: 'end-uploads',
    everyMs: END_UPLOADS_EVERY_MS,
    failed: 'could not end uploads that nobody went on with',
    run: (signal) => sweep.endUploads(signal),
  },
  {
    name: 'remove-purged-files',
    everyMs: SWEEP_EVERY_MS,
    failed: 'could not remove what was left of purged projects',
    run: (signal) => removePurgedFiles(parts, signal),
  },
];

const sweptBy =
  ({ sweptFiles }: Metrics) =>
  ({ files, bytes }: Taken): void => {
    sweptFiles.files.inc(files);
    sweptFiles.bytes.inc(bytes);
  };
