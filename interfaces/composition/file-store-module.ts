/** Where the bytes of projects' files are, in the process that serves them; what they take; what sweeps up after them. */
import { ContainerModule } from 'inversify';
import type { PeriodicTask } from '../../application/background/background.ts';
import type { Taken } from '../../application/ports/object-store.ts';
import { CountedObjectStore } from '../../application/storage/counted-object-store.ts';
import { CountedUploadSpool } from '../../application/storage/counted-upload-spool.ts';
import { FileUsage } from '../../application/storage/file-usage.ts';
import { SweepFiles } from '../../application/storage/sweep-files.ts';
import { PgStorageDirectory } from '../../infrastructure/storage/pg-storage-directory.ts';
import type { Metrics } from '../http/metrics.ts';
import { openFileStores } from './file-stores.ts';
import { needs } from './needs.ts';
import { tasksPart } from './tasks-part.ts';
import { PARTS, TOKENS } from './tokens.ts';

const MINUTE_MS = 60_000;
/** two looks at the same file have to be far apart */
const SWEEP_EVERY_MS = 6 * 60 * MINUTE_MS;
/** after the start: there is more to do then */
const FIRST_SWEEP_MS = 10 * MINUTE_MS;
const END_UPLOADS_EVERY_MS = 10 * MINUTE_MS;

export const fileStoreModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.fileStores).toResolvedValue(
    (config, { directory }) => openFileStores(config, directory.path),
    [TOKENS.config, TOKENS.machine],
  );
  bind(TOKENS.fileUsage).toResolvedValue(
    ({ store }, projects) =>
      new FileUsage({ store, limitsOf: async (project) => (await projects.find(project)).limits }),
    [TOKENS.fileStores, TOKENS.storageProjects],
  );
  bind(TOKENS.objectStore).toResolvedValue(
    ({ store }, usage) => new CountedObjectStore(store, usage),
    [TOKENS.fileStores, TOKENS.fileUsage],
  );
  bind(TOKENS.uploadSpool).toResolvedValue(
    ({ spool }, usage) => new CountedUploadSpool(spool, usage),
    [TOKENS.fileStores, TOKENS.fileUsage],
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
        clock: TOKENS.clock,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
        background: TOKENS.background,
      },
      ({ metrics, background, ...parts }) =>
        tasksPart('file-tasks', background, tasksOf(new SweepFiles({ ...parts, swept: sweptBy(metrics) }))),
    ),
  );
});

const tasksOf = (sweep: SweepFiles): PeriodicTask[] => [
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
];

const sweptBy =
  ({ sweptFiles }: Metrics) =>
  ({ files, bytes }: Taken): void => {
    sweptFiles.files.inc(files);
    sweptFiles.bytes.inc(bytes);
  };
