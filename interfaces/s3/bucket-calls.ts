import type { Bucket } from '../../domain/storage/stored-object.ts';
import { isBucketName } from '../../domain/storage/bucket-name.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import {
  parameter,
  readAway,
  wholeNumber,
  type S3Call,
  type S3Dependencies,
  type S3Operation,
  type S3Reply,
} from './s3-call.ts';
import { S3Error } from './s3-error.ts';
import { positionIn, positionText } from './list-position.ts';
import type { XmlElement } from './xml.ts';

/** Any: there is no other place to choose, and clients want one. */
const REGION = 'local';
const MOST_BUCKETS = 10_000;

export async function listBuckets({ directory }: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const { project, caller, signal } = call;
  const prefix = parameter(call, 'prefix') ?? '';
  const most = wholeNumber(call, 'max-buckets', { least: 1, most: MOST_BUCKETS }) ?? MOST_BUCKETS;
  const after = positionIn(parameter(call, 'continuation-token'))?.name;
  const all = await directory.as(
    project.id,
    caller,
    'storage.s3.bucket.list',
    ({ buckets }) =>
      buckets.list({ limit: undefined, offset: 0, column: 'name', order: 'asc', search: prefix }),
    { signal },
  );
  // the database sorts them by its own order
  const sorted = all
    .filter(({ name }) => name.startsWith(prefix) && (after === undefined || name > after))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const page = sorted.slice(0, most);
  const last = page.at(-1)?.name;
  const isMore = page.length < sorted.length && last !== undefined;
  return {
    status: 200,
    xml: [
      'ListAllMyBucketsResult',
      [
        [
          'Owner',
          [
            ['ID', project.id],
            ['DisplayName', project.id],
          ],
        ],
        ['Buckets', page.map(bucketElement)],
        ['Prefix', prefix || undefined],
        ['ContinuationToken', isMore ? positionText({ kind: 'object', name: last }) : undefined],
      ],
    ],
  };
}

const bucketElement = ({ name, createdAt }: Bucket): XmlElement => [
  'Bucket',
  [
    ['Name', name],
    ['CreationDate', (createdAt ?? new Date(0)).toISOString()],
  ],
];

/** Where one is wanted is all the same, so what the body says of it is left alone. */
export async function createBucket(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const { project, caller, ownerId, bucket } = call;
  await readAway(deps, call);
  if (!isBucketName(bucket)) throw new S3Error('InvalidBucketName');
  const rules = { public: false, fileSizeLimit: null, allowedMimeTypes: null };
  await deps.directory.as(project.id, caller, 'storage.s3.bucket.create', ({ buckets }) =>
    buckets.insert({ id: bucket, name: bucket, ownerId, ...rules }),
  );
  return { status: 200, headers: { location: `/${encodeURIComponent(bucket)}` } };
}

export async function deleteBucket({ directory }: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const { project, caller, bucket } = call;
  await requireBucket({ directory }, call, 'storage.s3.bucket.delete');
  const isGone = await directory.as(project.id, caller, 'storage.s3.bucket.delete', ({ buckets }) =>
    buckets.delete(bucket),
  );
  if (!isGone) throw new StorageError('AccessDenied', 'The bucket may not be deleted');
  return { status: 204 };
}

export async function headBucket(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  await requireBucket(deps, call, 'storage.s3.bucket.head');
  return { status: 200, headers: { 'x-amz-bucket-region': REGION } };
}

export async function bucketLocation(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  await requireBucket(deps, call, 'storage.s3.bucket.get_location');
  return { status: 200, xml: ['LocationConstraint', REGION] };
}

/** There is none, and never was. */
export async function bucketVersioning(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  await requireBucket(deps, call, 'storage.s3.bucket.get_versioning');
  return { status: 200, xml: ['VersioningConfiguration', []] };
}

/** @throws {StorageError} NoSuchBucket: there is none that the caller sees */
async function requireBucket(
  { directory }: Pick<S3Dependencies, 'directory'>,
  { project, caller, bucket, signal }: S3Call,
  operation: S3Operation,
): Promise<void> {
  const find = directory.as(project.id, caller, operation, ({ buckets }) => buckets.find(bucket), { signal });
  if (!(await find)) throw new StorageError('NoSuchBucket');
}
