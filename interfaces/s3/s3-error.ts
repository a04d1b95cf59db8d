/** What the S3 protocol calls errors, with the status of each: its clients go by the code. */

const CODES = {
  AccessDenied: [403, 'Access Denied'],
  AuthorizationHeaderMalformed: [400, 'The authorization header is malformed'],
  AuthorizationQueryParametersError: [400, 'The parameters of the signature in the query are malformed'],
  BadDigest: [400, 'The checksum does not match what was received'],
  BucketAlreadyOwnedByYou: [409, 'The bucket exists already, and is yours'],
  BucketNotEmpty: [409, 'The bucket is not empty'],
  DatabaseError: [500, 'The database of the project refused this'],
  EntityTooLarge: [400, 'The object exceeds the maximum allowed size'],
  ExpiredToken: [400, 'The session token is not valid, or not any more'],
  IncompleteBody: [400, 'The body is not as long as the request says'],
  InsufficientStorage: [507, 'The platform has no room left for it'],
  InternalError: [500, 'The platform made a mistake'],
  InvalidAccessKeyId: [403, 'The project has no such access key'],
  InvalidArgument: [400, 'Invalid argument'],
  InvalidBucketName: [400, 'The bucket name is not valid'],
  InvalidChunkSizeError: [403, 'Only the last chunk may have fewer than 8192 bytes'],
  InvalidDigest: [400, 'The checksum is none'],
  InvalidKey: [400, 'The key is not valid'],
  InvalidMimeType: [415, 'The bucket does not take this type'],
  InvalidPart: [400, 'A part was not uploaded, or its ETag is another one'],
  InvalidPartOrder: [400, 'The parts have to be in ascending order, each once'],
  InvalidRange: [416, 'The range is not in the object'],
  InvalidRequest: [400, 'Invalid request'],
  InvalidURI: [400, 'The path or the query cannot be decoded'],
  MalformedTrailerError: [400, 'The trailer is not the one that the request names'],
  MalformedXML: [400, 'The XML is not well-formed, or not what is wanted here'],
  MaxMessageLengthExceeded: [400, 'The request is too large'],
  MethodNotAllowed: [405, 'The method is not allowed here'],
  NoSuchBucket: [404, 'The bucket does not exist'],
  NoSuchKey: [404, 'The key does not exist'],
  NoSuchProject: [404, 'There is no such project'],
  NoSuchUpload: [404, 'The upload does not exist, or not any more'],
  NotImplemented: [501, 'This is not implemented'],
  PreconditionFailed: [412, 'A condition of the request does not hold'],
  QuotaExceeded: [403, 'The project has no room left for it'],
  RequestTimeout: [400, 'The body did not come in time'],
  RequestTimeTooSkewed: [403, 'The time of the request is too far from ours'],
  ServiceUnavailable: [503, 'The service is away or slow; try again'],
  SignatureDoesNotMatch: [403, 'The signature is not the one of this request by that key'],
  SlowDown: [503, 'Too many requests; try again later'],
  XAmzContentSHA256Mismatch: [400, 'The body is not the one whose hash was signed'],
} as const satisfies Readonly<Record<string, readonly [status: number, message: string]>>;

export type S3ErrorCode = keyof typeof CODES;

export class S3Error extends Error {
  readonly code: S3ErrorCode;
  readonly status: number;

  /** @param message shown to whoever asked */
  constructor(code: S3ErrorCode, message?: string) {
    super(message ?? CODES[code][1]);
    this.name = 'S3Error';
    this.code = code;
    this.status = CODES[code][0];
  }
}
