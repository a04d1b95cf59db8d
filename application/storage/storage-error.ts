/** The storage service says no. Its clients read the body; contracts of theirs say which one, and with which status. */

interface Told {
  /** of the body, where it is a text */
  readonly statusCode: number;
  /** of the answer, where it is another one: clients take nearly every no for a 400 */
  readonly httpStatus: number;
  readonly error: string;
  readonly message: string;
}

const told = (statusCode: number, error: string, message: string, httpStatus = 400): Told => ({
  statusCode,
  httpStatus,
  error,
  message,
});

export const STORAGE_ERRORS = {
  NoSuchBucket: told(404, 'Bucket not found', 'Bucket not found'),
  NoSuchKey: told(404, 'not_found', 'Object not found'),
  NoSuchUpload: told(404, 'not_found', 'The upload is not there, or not any more'),
  InvalidPart: told(400, 'InvalidPart', 'A part is not there, or is another one'),
  ResourceAlreadyExists: told(409, 'Duplicate', 'The resource already exists'),
  KeyAlreadyExists: told(409, 'Duplicate', 'The resource already exists'),
  BucketAlreadyExists: told(409, 'Duplicate', 'The resource already exists'),
  ResourceNotEmpty: told(409, 'ResourceNotEmpty', 'The bucket you tried to delete is not empty'),
  AccessDenied: told(403, 'Unauthorized', 'new row violates row-level security policy'),
  EntityTooLarge: told(413, 'Payload too large', 'The object exceeded the maximum allowed size'),
  InvalidMimeType: told(415, 'invalid_mime_type', 'mime type is not supported'),
  InvalidKey: told(400, 'InvalidKey', 'Invalid key'),
  InvalidBucketName: told(400, 'Invalid Input', 'Bucket name invalid'),
  InvalidJWT: told(400, 'InvalidJWT', 'The token is not valid, or not any more'),
  InvalidSignature: told(400, 'InvalidSignature', 'Invalid signature'),
  InvalidRange: told(416, 'invalid_range', 'The range is not in the object', 416),
  PreconditionFailed: told(412, 'PreconditionFailed', 'The object is not as the request wants it', 412),
  /** what a row refers to is not there */
  RelatedMissing: told(404, 'InvalidRequest', 'The related resource does not exist'),
  InvalidRequest: told(400, 'InvalidRequest', 'Invalid request'),
  QuotaExceeded: told(413, 'Payload too large', 'The project has no room left for it'),
  RequestTimeout: told(408, 'RequestTimeout', 'The upload was too slow', 408),
  StorageFull: told(507, 'Insufficient Storage', 'The platform has no room left for it', 507),
  SlowDown: told(429, 'SlowDown', 'Too many requests', 429),
  DatabaseTimeout: told(544, 'DatabaseTimeout', 'The database of the project took too long', 544),
  DatabaseError: told(500, 'DatabaseError', 'The database of the project refused this', 500),
  NotImplemented: told(501, 'NotImplemented', 'This is not implemented', 501),
} as const satisfies Readonly<Record<string, Told>>;

export type StorageErrorCode = keyof typeof STORAGE_ERRORS;

export class StorageError extends Error {
  readonly code: StorageErrorCode;
  /** for the log alone */
  readonly sqlstate: string | undefined;

  /** @param message shown to whoever asked; default: that of the table */
  constructor(code: StorageErrorCode, message?: string, sqlstate?: string) {
    super(message ?? STORAGE_ERRORS[code].message);
    this.name = 'StorageError';
    this.code = code;
    this.sqlstate = sqlstate;
  }
}

export const invalidKey = (key: string): StorageError =>
  new StorageError('InvalidKey', `Invalid key: ${key.slice(0, 200)}`);

export const invalidRequest = (message: string): StorageError => new StorageError('InvalidRequest', message);
