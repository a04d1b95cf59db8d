/** Which call a request is: by its method, by what its path names, and by a parameter that says what of that is meant. */
import {
  bucketLocation,
  bucketVersioning,
  createBucket,
  deleteBucket,
  headBucket,
  listBuckets,
} from './bucket-calls.ts';
import { listObjects, listObjectsV2 } from './list-calls.ts';
import {
  abortMultipart,
  completeMultipartCall,
  createMultipart,
  listParts,
  listUploads,
  uploadPart,
  uploadPartCopy,
} from './multipart-calls.ts';
import {
  copyObjectCall,
  deleteObject,
  deleteObjects,
  getObject,
  headObjectCall,
  objectTagging,
  putObject,
} from './object-calls.ts';
import { headersOf, type S3Call, type S3Dependencies, type S3Reply } from './s3-call.ts';
import { S3Error } from './s3-error.ts';

type Handler = (deps: S3Dependencies, call: S3Call) => Promise<S3Reply>;

/** By `<method> <what>`, and `?<parameter>` where one says more; the first that fits. */
const CALLS: readonly (readonly [asked: string, handler: Handler])[] = [
  ['GET service', listBuckets],
  ['GET bucket?location', bucketLocation],
  ['GET bucket?versioning', bucketVersioning],
  ['GET bucket?uploads', listUploads],
  ['GET bucket?list-type', listObjectsV2],
  ['GET bucket', listObjects],
  ['HEAD bucket', headBucket],
  ['PUT bucket', createBucket],
  ['DELETE bucket', deleteBucket],
  ['POST bucket?delete', deleteObjects],
  ['GET object?uploadId', listParts],
  ['GET object?tagging', objectTagging],
  ['GET object', getObject],
  ['HEAD object', headObjectCall],
  ['PUT object?uploadId', uploadPart],
  ['PUT object', putObject],
  ['DELETE object?uploadId', abortMultipart],
  ['DELETE object', deleteObject],
  ['POST object?uploads', createMultipart],
  ['POST object?uploadId', completeMultipartCall],
];
/** The same, of what is there already. */
const COPIES: ReadonlyMap<Handler, Handler> = new Map([
  [uploadPart, uploadPartCopy],
  [putObject, copyObjectCall],
]);

/** what S3 has beside the thing itself, and is not here */
const OTHERS = new Set([
  'accelerate',
  'acl',
  'analytics',
  'attributes',
  'cors',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'logging',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'tagging',
  'torrent',
  'versions',
  'website',
  'location',
  'versioning',
  'uploads',
  'delete',
  'append',
]);

/** @throws {S3Error} NotImplemented, MethodNotAllowed */
export function handlerOf(call: S3Call): Handler {
  const { request, bucket, key } = call;
  const what = key !== '' ? 'object' : bucket !== '' ? 'bucket' : 'service';
  const names = new Set(request.query.map(([name]) => name));
  const [asked, handler] =
    CALLS.find(([each]) => {
      const [plain, parameter] = each.split('?', 2);
      return plain === `${request.method} ${what}` && (parameter === undefined || names.has(parameter));
    }) ?? [];
  const meant = asked?.split('?', 2)[1];
  const other = [...names].find((name) => OTHERS.has(name) && name !== meant);
  if (other !== undefined)
    throw new S3Error('NotImplemented', `${request.method} ?${other} is not implemented`);
  if (handler) return headersOf(call).has('x-amz-copy-source') ? (COPIES.get(handler) ?? handler) : handler;
  if (request.method === 'POST') throw new S3Error('NotImplemented', 'Uploads by forms are not implemented');
  throw new S3Error('MethodNotAllowed');
}
