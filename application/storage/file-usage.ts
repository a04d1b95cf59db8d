/**
 * What the files of a project take, counted from the bytes that are there: rows are the owner's to write. The first who needs to
 * know has them listed; from there on it is counted along, and counted anew whenever somebody lists them anyway. What is on its way
 * is counted while it comes, so that many uploads at once get no more than one after the other.
 */
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { StorageLimits } from '../../domain/storage/storage-settings.ts';
import type { ObjectStore, ObjectVersion, StoredVersion, Taken } from '../ports/object-store.ts';
import { StorageError } from './storage-error.ts';

export type RoomLimits = Pick<StorageLimits, 'totalBytes' | 'files'>;

export interface FileUsageDependencies {
  readonly store: Pick<ObjectStore, 'list'>;
  readonly limitsOf: (project: ProjectId) => Promise<RoomLimits>;
}

/** For what is on its way. One of `kept` and `given` ends it. */
export interface Room {
  /** @throws {StorageError} QuotaExceeded */
  take(bytes: number): void;
  kept(version: ObjectVersion, bytes: number): void;
  given(): void;
}

interface Account {
  /** undefined: nobody has counted yet */
  stored: { files: number; bytes: number } | undefined;
  readonly coming: { files: number; bytes: number };
  /** files that have others coming in their place */
  readonly going: Set<ObjectVersion>;
  /** of uploads in parts, which are no files yet */
  spooled: number;
  /** who counts now, and what was stored meanwhile */
  counting: Count | undefined;
}

interface Count {
  readonly since: Map<ObjectVersion, number>;
  /** resolves when it is over, whatever became of it */
  readonly over: Promise<void>;
}

/** of those with nothing on its way: who was not asked for longest is counted anew when they are */
const MOST_ACCOUNTS = 5_000;

export class FileUsage {
  readonly #dependencies: FileUsageDependencies;
  readonly #accounts = new Map<ProjectId, Account>();

  constructor(dependencies: FileUsageDependencies) {
    this.#dependencies = dependencies;
  }

  /** What is stored. @throws {Unavailable} nobody can count it now */
  async of(project: ProjectId): Promise<Taken> {
    return { ...(await this.#counted(project)) };
  }

  /**
   * @param inPlaceOf a file that is there, and goes when this one has come: of each one at a time makes room
   * @throws {StorageError} QuotaExceeded: not one file more @throws {Unavailable}
   */
  async roomForFile(project: ProjectId, inPlaceOf?: ObjectVersion): Promise<Room> {
    const limits = await this.#dependencies.limitsOf(project);
    const stored = await this.#storedWithin(project, limits);
    const account = this.#account(project);
    const going = inPlaceOf !== undefined && !account.going.has(inPlaceOf) ? inPlaceOf : undefined;
    const files = stored.files + account.coming.files - account.going.size - (going === undefined ? 0 : 1);
    if (limits.files !== null && files >= limits.files)
      throw new StorageError(
        'QuotaExceeded',
        `The project has as many files as it may have: ${limits.files}`,
      );
    account.coming.files++;
    if (going !== undefined) account.going.add(going);
    const { take, release } = this.#taking(account, limits, () => 0);
    const over = () => {
      account.coming.files--;
      if (going !== undefined) account.going.delete(going);
      release();
    };
    return {
      take,
      kept: (version, bytes) => {
        over();
        if (account.stored) add(account.stored, { files: 1, bytes });
        account.counting?.since.set(version, bytes);
      },
      given: over,
    };
  }

  /** For a part of an upload, which is no file yet, and has to have room beside those that are. */
  async roomForPart(project: ProjectId): Promise<Pick<Room, 'take' | 'given'>> {
    const limits = await this.#dependencies.limitsOf(project);
    await this.#storedWithin(project, limits);
    const account = this.#account(project);
    const { take, release } = this.#taking(account, limits, () => account.spooled);
    return { take, given: release };
  }

  /** Parts of uploads are there, or (less than 0) gone. */
  spooled(project: ProjectId, bytes: number): void {
    this.#account(project).spooled += bytes;
  }

  freed(project: ProjectId, { files, bytes }: Taken): void {
    const stored = this.#accounts.get(project)?.stored;
    if (stored) add(stored, { files: -files, bytes: -bytes });
  }

  /** Nothing is there any more. */
  forget(project: ProjectId): void {
    const account = this.#accounts.get(project);
    if (account?.stored) account.stored = { files: 0, bytes: 0 };
  }

  /** The files of a project as the store lists them. Whoever reads to the end has had them counted. */
  async *listed(project: ProjectId, signal?: AbortSignal): AsyncGenerator<StoredVersion> {
    const account = this.#account(project);
    const versions = this.#dependencies.store.list(project, signal);
    if (account.counting) return yield* versions;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const count: Count = (account.counting = { since: new Map(), over });
    const found = { files: 0, bytes: 0 };
    try {
      for await (const stored of versions) {
        if (!count.since.has(stored.version)) add(found, { files: 1, bytes: stored.size });
        yield stored;
      }
      // what was removed after it was listed is counted once more: too much, until the next time
      for (const bytes of count.since.values()) add(found, { files: 1, bytes });
      account.stored = found;
    } finally {
      account.counting = undefined;
      resolve();
    }
  }

  async #counted(project: ProjectId): Promise<Taken> {
    const account = this.#account(project);
    for (;;) {
      if (account.stored) return account.stored;
      if (account.counting) await account.counting.over;
      else for await (const stored of this.listed(project)) void stored;
    }
  }

  /** Who has no limits waits for no count. */
  async #storedWithin(project: ProjectId, { files, totalBytes }: RoomLimits): Promise<Taken> {
    if (files === null && totalBytes === null) return { files: 0, bytes: 0 };
    return this.#counted(project);
  }

  #taking(account: Account, { totalBytes }: RoomLimits, beside: () => number) {
    let mine = 0;
    return {
      take: (bytes: number) => {
        const taken = (account.stored?.bytes ?? 0) + account.coming.bytes + beside() + bytes;
        if (totalBytes !== null && taken > totalBytes)
          throw new StorageError(
            'QuotaExceeded',
            `The project has no room left for it: its files may have ${totalBytes} bytes in all`,
          );
        mine += bytes;
        account.coming.bytes += bytes;
      },
      release: () => {
        account.coming.bytes -= mine;
        mine = 0;
      },
    };
  }

  #account(project: ProjectId): Account {
    const known = this.#accounts.get(project);
    const account = known ?? {
      stored: undefined,
      coming: { files: 0, bytes: 0 },
      going: new Set(),
      spooled: 0,
      counting: undefined,
    };
    this.#accounts.delete(project);
    this.#accounts.set(project, account);
    if (!known) this.#dropIdle();
    return account;
  }

  #dropIdle(): void {
    for (const [project, { coming, spooled, counting }] of this.#accounts) {
      if (this.#accounts.size <= MOST_ACCOUNTS) return;
      if (coming.files === 0 && coming.bytes === 0 && spooled === 0 && !counting)
        this.#accounts.delete(project);
    }
  }
}

function add(to: { files: number; bytes: number }, { files, bytes }: Taken): void {
  to.files += files;
  to.bytes += bytes;
}
