/**
 * Whether the bytes of a project's files are what their rows say. A piece of it at a time, slowly, and on from where the piece
 * before ended. What is found may be the doing of a disk, or of an owner: rows are theirs to write.
 */
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { StoredObject } from '../../domain/storage/stored-object.ts';
import type { Clock } from '../ports/clock.ts';
import { BytesMissing, isObjectVersion, type ObjectStore, type StoredBytes } from '../ports/object-store.ts';
import type { Place, StorageDirectory, StorageRows } from '../ports/storage-directory.ts';
import { STORAGE_ITSELF } from './sweep-files.ts';

export interface VerifyFilesDependencies {
  readonly bytes: Pick<ObjectStore, 'digest'>;
  readonly directory: StorageDirectory;
  readonly clock: Clock;
}

export interface VerifyOptions {
  /** the last one that was looked at; undefined: from the beginning */
  readonly after: Place | undefined;
  readonly bytesPerSecond: number;
  /** no file is begun later */
  readonly forMs: number;
}

/** `unknown`: the row names no bytes that could be ours */
export type FileFault = 'missing' | 'size' | 'checksum' | 'unknown';

export interface FileFinding extends Place {
  readonly version: string | null;
  readonly fault: FileFault;
}

export interface Verified {
  readonly files: number;
  readonly bytes: number;
  readonly findings: readonly FileFinding[];
  /** undefined: all were looked at */
  readonly after: Place | undefined;
}

const ROWS = 100;
/** then a piece ends: whoever asked should see them */
const MOST_FINDINGS = 1_000;
/** shorter pauses are not worth it */
const LEAST_PAUSE_MS = 20;

/** @throws {StorageError} its rows cannot be read @throws {Unavailable} @throws the signal's reason */
export async function verifyFiles(
  dependencies: VerifyFilesDependencies,
  project: ProjectId,
  { after, bytesPerSecond, forMs }: VerifyOptions,
  signal: AbortSignal,
): Promise<Verified> {
  const { clock } = dependencies;
  const startedMs = clock.elapsedMs();
  const findings: FileFinding[] = [];
  let [files, bytes, last] = [0, 0, after];
  const read = async (count: number): Promise<void> => {
    bytes += count;
    const earlyMs = startedMs + (bytes / bytesPerSecond) * 1_000 - clock.elapsedMs();
    if (earlyMs > LEAST_PAUSE_MS) await clock.sleep(earlyMs, signal);
    signal.throwIfAborted();
  };
  for (;;) {
    const rows = await look(dependencies, project, signal, ({ objects }) => objects.inOrder(last, ROWS));
    for (const row of rows) {
      // at least one, or nobody would get on
      const isEnough = clock.elapsedMs() - startedMs >= forMs || findings.length >= MOST_FINDINGS;
      if (files > 0 && isEnough) return { files, bytes, findings, after: last };
      const fault = await faultOf(dependencies, project, row, read);
      const { bucketId, name, version } = row;
      if (fault && (await isStillSo(dependencies, project, row, signal)))
        findings.push({ bucketId, name, version, fault });
      last = { bucketId, name };
      files++;
    }
    if (rows.length < ROWS) return { files, bytes, findings, after: undefined };
  }
}

async function faultOf(
  { bytes }: VerifyFilesDependencies,
  project: ProjectId,
  { version, metadata }: StoredObject,
  read: (count: number) => Promise<void>,
): Promise<FileFault | undefined> {
  if (version === null || !isObjectVersion(version)) return 'unknown';
  try {
    return differenceOf(await bytes.digest(project, version, read), metadata);
  } catch (error) {
    if (error instanceof BytesMissing) return 'missing';
    throw error;
  }
}

function differenceOf({ size, md5 }: StoredBytes, metadata: StoredObject['metadata']): FileFault | undefined {
  if (metadata?.['size'] !== size) return 'size';
  // of what came in parts it may be a checksum of another kind
  const [, said] = /^"?([0-9a-f]{32})"?$/.exec(String(metadata?.['eTag'])) ?? [];
  return said !== undefined && said !== md5 ? 'checksum' : undefined;
}

/** Whoever replaced or deleted it meanwhile has done nothing wrong. */
async function isStillSo(
  dependencies: VerifyFilesDependencies,
  project: ProjectId,
  { bucketId, name, version }: StoredObject,
  signal: AbortSignal,
): Promise<boolean> {
  const now = await look(dependencies, project, signal, ({ objects }) => objects.find({ bucketId, name }));
  return now !== undefined && now.version === version;
}

const look = <T>(
  { directory }: VerifyFilesDependencies,
  project: ProjectId,
  signal: AbortSignal,
  work: (rows: StorageRows) => Promise<T>,
): Promise<T> => directory.as(project, STORAGE_ITSELF, 'storage.object.list', work, { signal });
