import { S3Client } from '@aws-sdk/client-s3';

export interface S3Settings {
  /** none: Amazon's own of the region */
  readonly endpoint: string | undefined;
  /** `auto` for Cloudflare R2 */
  readonly region: string;
  readonly bucket: string;
  /** of every key; empty, or with a slash at its end */
  readonly prefix: string;
  /** the bucket in the path, not in the host name: MinIO, and whatever has no names of its own */
  readonly pathStyle: boolean;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const CONNECT_MS = 3_000;
const SOCKETS = 200;
/** what it would say stands in the errors */
const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

export const s3Client = ({ endpoint, region, pathStyle, ...credentials }: S3Settings): S3Client =>
  new S3Client({
    region,
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: pathStyle,
    credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey },
    // trailers and newer checksums are not known to all who speak S3; Content-MD5 is
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    logger: quiet,
    // what a server refuses is sent again from a file: no need to ask before
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS },
    },
  });
