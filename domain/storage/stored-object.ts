/** Rows of a project's files. They are the owner's to write, so whatever may be null, or nonsense, is. */

export type JsonObject = Readonly<Record<string, unknown>>;

export interface Bucket {
  readonly id: string;
  readonly name: string;
  readonly owner: string | null;
  readonly ownerId: string | null;
  readonly public: boolean;
  /** in bytes; null: the project's own */
  readonly fileSizeLimit: number | null;
  /** null: any */
  readonly allowedMimeTypes: readonly string[] | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
}

export interface StoredObject {
  readonly id: string;
  readonly bucketId: string;
  readonly name: string;
  readonly owner: string | null;
  readonly ownerId: string | null;
  /** of its bytes, where it is one of ours */
  readonly version: string | null;
  readonly metadata: JsonObject | null;
  readonly userMetadata: JsonObject | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
  readonly lastAccessedAt: Date | null;
}

/** What else may be said of an object, for whoever is served it; as headers have it. */
export const SAID_ALONG = ['contentDisposition', 'contentLanguage', 'expires'] as const;
export type SaidAlong = Readonly<Partial<Record<(typeof SAID_ALONG)[number], string>>>;

const FIELD = /^[\t\x20-\x7e]{1,1000}$/;

/** What may be a header's value. */
export const isField = (text: string): boolean => FIELD.test(text);

/** As a row has it, which may be of anybody's hand; undefined: no text. */
export function textIn(metadata: JsonObject | null, name: string): string | undefined {
  const value = metadata?.[name];
  return typeof value === 'string' ? value : undefined;
}

export const saidAlongIn = (metadata: JsonObject | null): SaidAlong =>
  Object.fromEntries(
    SAID_ALONG.flatMap((name) => {
      const value = textIn(metadata, name);
      return value !== undefined && isField(value) ? [[name, value]] : [];
    }),
  );

/** What whoever stores an object says of it. */
export interface ObjectDescription {
  readonly mediaType: string;
  readonly cacheControl: string;
  /** as it is to be served; the bytes are stored as they came */
  readonly contentEncoding: string | null;
  readonly saidAlong?: SaidAlong | undefined;
  readonly userMetadata: JsonObject | null;
}

/** As it stands in the row, in the names that clients and policies know. */
export const metadataOf = (
  { mediaType, cacheControl, contentEncoding, saidAlong }: ObjectDescription,
  bytes: { readonly size: number; readonly md5: string; readonly storedAt: Date },
): JsonObject => ({
  eTag: `"${bytes.md5}"`,
  size: bytes.size,
  mimetype: mediaType,
  cacheControl,
  lastModified: bytes.storedAt.toISOString(),
  contentLength: bytes.size,
  httpStatusCode: 200,
  ...(contentEncoding !== null && { contentEncoding }),
  ...saidAlong,
});

/** Before the bytes have come: what policies may look at. @param size undefined: nobody has said */
export const expectedMetadata = (
  { mediaType, cacheControl, contentEncoding, saidAlong }: ObjectDescription,
  size: number | undefined,
): JsonObject => ({
  mimetype: mediaType,
  cacheControl,
  ...(size !== undefined && { size, contentLength: size }),
  ...(contentEncoding !== null && { contentEncoding }),
  ...saidAlong,
});
