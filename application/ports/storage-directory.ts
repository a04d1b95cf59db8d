/** The files of projects, as rows in each project's own database: judged by its policies, one transaction at a time. */
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { Bucket, JsonObject, StoredObject } from '../../domain/storage/stored-object.ts';

/** Who asks, as policies see them. */
export interface StorageCaller {
  /** of their token; `anon` without one */
  readonly role: string;
  /** of their token, all of them */
  readonly claims: JsonObject;
  /** as it came */
  readonly token: string | undefined;
  /** as policies may read it */
  readonly request: {
    readonly method: string;
    readonly path: string;
    /** names in lower case */
    readonly headers: Readonly<Record<string, string>>;
  };
}

/** As policies may ask for it: `storage.operation()`. */
export type StorageOperation =
  | `storage.bucket.${'create' | 'get' | 'list' | 'update' | 'empty' | 'delete'}`
  | `storage.object.${'upload' | 'upload_update' | 'upload_signed' | 'get' | 'get_authenticated' | 'get_public' | 'get_signed' | 'head' | 'info' | 'info_public' | 'list' | 'list_v2' | 'move' | 'copy' | 'delete' | 'delete_many' | 'sign' | 'sign_many' | 'sign_upload_url'}`
  | `storage.tus.upload.${'create' | 'part' | 'get' | 'delete' | 'options'}`
  | `storage.render.image_${'authenticated' | 'public' | 'signed'}`
  | `storage.s3.${string}`;

/** A row as it is to be; its times are PostgreSQL's, and so is the id of a new one. */
export interface NewObject {
  readonly bucketId: string;
  readonly name: string;
  /** `sub` of whose it is */
  readonly ownerId: string | null;
  readonly version: string;
  readonly metadata: JsonObject;
  readonly userMetadata: JsonObject | null;
}

export interface NewBucket {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string | null;
  readonly public: boolean;
  readonly fileSizeLimit: number | null;
  readonly allowedMimeTypes: readonly string[] | null;
}

export interface Place {
  readonly bucketId: string;
  readonly name: string;
}

export type SortColumn = 'name' | 'created_at' | 'updated_at' | 'last_accessed_at';
export type BucketColumn = 'id' | 'name' | 'created_at' | 'updated_at';
export type SortOrder = 'asc' | 'desc';

export interface BucketListing {
  readonly limit: number | undefined;
  readonly offset: number;
  readonly column: BucketColumn;
  readonly order: SortOrder;
  /** in names, in any case; empty: all */
  readonly search: string;
}

export interface FolderListing {
  readonly bucketId: string;
  /** empty, or with a slash at its end */
  readonly folder: string;
  /** what names in the folder begin with, in any case; empty: all */
  readonly search: string;
  readonly limit: number;
  readonly offset: number;
  readonly column: SortColumn;
  readonly order: SortOrder;
}

/** What is directly in a folder. */
export type FolderEntry =
  /** without the slash at its end */
  | { readonly folder: string }
  /** its name is the whole one */
  | { readonly object: StoredObject };

export interface PrefixListing {
  readonly bucketId: string;
  /** names begin with it */
  readonly prefix: string;
  /** what is below the first slash behind the prefix is one folder */
  readonly byFolder: boolean;
  readonly limit: number;
  readonly column: Exclude<SortColumn, 'last_accessed_at'>;
  readonly order: SortOrder;
  /** what comes after the last one of the page before */
  readonly after: PagePosition | undefined;
  /** names after this one only, in the order of bytes; for S3's `start-after` */
  readonly startAfter?: string;
}

export interface PagePosition {
  /** a whole name; that of a folder ends with a slash */
  readonly name: string;
  /** of the column that is sorted by, where it is a time, as PostgreSQL writes it */
  readonly value: string | null;
}

export interface Page {
  /** folders with whole names, the slash at their end too */
  readonly entries: readonly FolderEntry[];
  /** undefined: there is no more */
  readonly next: PagePosition | undefined;
}

export interface BucketRows {
  /** Whatever policies say: for limits, and for whether it is public. */
  rules(id: string): Promise<Bucket | undefined>;
  find(id: string): Promise<Bucket | undefined>;
  list(listing: BucketListing): Promise<readonly Bucket[]>;
  /** @throws {StorageError} BucketAlreadyExists, AccessDenied */
  insert(bucket: NewBucket): Promise<void>;
  /** @returns whether there is one that may be changed */
  update(
    id: string,
    change: Partial<Pick<NewBucket, 'public' | 'fileSizeLimit' | 'allowedMimeTypes'>>,
  ): Promise<boolean>;
  /** @returns whether there was one that may be deleted @throws {StorageError} ResourceNotEmpty */
  delete(id: string): Promise<boolean>;
}

/** What there is of many at once has no `userMetadata`: nobody is told it in lists. */
export interface ObjectRows {
  find(place: Place): Promise<StoredObject | undefined>;
  /** Those of these names that are there. */
  findAll(bucketId: string, names: readonly string[]): Promise<readonly StoredObject[]>;
  folder(listing: FolderListing): Promise<readonly FolderEntry[]>;
  page(listing: PrefixListing): Promise<Page>;
  /**
   * Whether the row may be stored: it is, and is taken back. With `upsert` it also has to be seen and changed.
   * @throws {StorageError} AccessDenied, ResourceAlreadyExists, RelatedMissing
   */
  tryInsert(object: NewObject, options: { readonly upsert: boolean }): Promise<void>;
  /**
   * @returns as it stands now, and the version whose bytes nobody needs any more
   * @throws {StorageError} ResourceAlreadyExists without `upsert`; AccessDenied, RelatedMissing
   */
  put(
    object: NewObject,
    options: { readonly upsert: boolean },
  ): Promise<{ readonly object: StoredObject; readonly replaced: string | null }>;
  /**
   * Its bytes, and since when it is there, stay.
   * @throws {StorageError} AccessDenied, ResourceAlreadyExists, RelatedMissing
   */
  move(from: Place, to: Place): Promise<StoredObject | undefined>;
  /** What else is said of an object whose bytes stay. */
  describe(
    place: Place,
    change: Pick<NewObject, 'metadata' | 'userMetadata'>,
  ): Promise<StoredObject | undefined>;
  /** Those of exactly these names that may be. @returns as they stood, with their `userMetadata` */
  delete(bucketId: string, names: readonly string[]): Promise<readonly StoredObject[]>;
  /** Those of these versions that rows name. */
  named(versions: readonly string[]): Promise<ReadonlySet<string>>;
  /** Of all buckets, always in the same order. @param after undefined: from the first */
  inOrder(after: Place | undefined, limit: number): Promise<readonly StoredObject[]>;
  /** @returns some of what is in the bucket, at most so many, as it stood; none: it is empty */
  deleteSome(bucketId: string, limit: number): Promise<readonly StoredObject[]>;
}

/** An upload of the S3 protocol as it stands in a row, for policies and lists. What it is, and its bytes, the spool has. */
export interface MultipartUpload {
  readonly id: string;
  readonly bucketId: string;
  readonly key: string;
  readonly ownerId: string | null;
  readonly createdAt: Date | null;
}

export interface NewMultipartUpload extends Pick<MultipartUpload, 'id' | 'bucketId' | 'key' | 'ownerId'> {
  readonly metadata: JsonObject;
  readonly userMetadata: JsonObject | null;
}

export interface MultipartListing {
  readonly bucketId: string;
  /** keys begin with it */
  readonly prefix: string;
  readonly limit: number;
  /** of keys after this one, and of those of this key that come after that id */
  readonly after: { readonly key: string; readonly id: string | undefined } | undefined;
}

export interface MultipartRows {
  /** @throws {StorageError} AccessDenied, RelatedMissing */
  insert(upload: NewMultipartUpload): Promise<void>;
  /** In the place of one of its number; without an upload there is none. @param part with its MD5 in hexadecimal digits */
  putPart(
    id: string,
    part: { readonly number: number; readonly size: number; readonly md5: string },
  ): Promise<void>;
  /** By key, in the order of bytes, and by id. */
  list(listing: MultipartListing): Promise<readonly MultipartUpload[]>;
  delete(id: string): Promise<void>;
}

export interface StorageRows {
  readonly buckets: BucketRows;
  readonly objects: ObjectRows;
  readonly uploads: MultipartRows;
  /** the same, whatever policies say */
  readonly unjudged: { readonly objects: ObjectRows };
}

export interface StorageDirectory {
  /**
   * The work is one transaction as the caller: it ends in COMMIT, or in ROLLBACK when the work throws, which is what it
   * throws then. What does not wait for one another may be asked at once.
   * @throws {StorageError} AccessDenied: nobody may have that role; DatabaseTimeout; DatabaseError: what the owner did to
   * the tables of it is in the way
   * @throws {Unavailable} no session, or no end in time: nothing was done, unless it was about to end
   * @throws {Rejection} project/not-found, project/not-active
   */
  as<T>(
    project: ProjectId,
    caller: StorageCaller,
    operation: StorageOperation,
    work: (rows: StorageRows) => Promise<T>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<T>;
}

/** The service itself, for what no policy has a say in. @param request whose it is, for what is hung on the tables */
export const asService = ({ claims, token, request }: StorageCaller): StorageCaller => ({
  role: 'service_role',
  claims,
  token,
  request,
});
