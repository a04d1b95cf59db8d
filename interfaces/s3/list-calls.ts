import type { FolderEntry, Page } from '../../application/ports/storage-directory.ts';
import { sizeInRow } from '../../application/storage/open-object.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import { changedAtOf, entityTagOf } from '../storage/serve-object.ts';
import { positionIn, positionText, type ListPosition } from './list-position.ts';
import { parameter, wholeNumber, type S3Call, type S3Dependencies, type S3Reply } from './s3-call.ts';
import { S3Error } from './s3-error.ts';
import { encoded } from './signature.ts';
import type { XmlElement } from './xml.ts';

const MOST_KEYS = 1_000;

interface Asked {
  readonly prefix: string;
  readonly delimiter: string;
  readonly most: number;
  readonly encoding: 'url' | undefined;
  /** names as the client wants to read them */
  readonly written: (name: string) => string;
}

/** @throws {S3Error} InvalidArgument, NotImplemented */
export function askedOf(call: S3Call, mostParameter = 'max-keys'): Asked {
  const delimiter = parameter(call, 'delimiter') ?? '';
  if (delimiter !== '' && delimiter !== '/')
    throw new S3Error('NotImplemented', 'The only delimiter is the slash');
  const encoding = parameter(call, 'encoding-type');
  if (encoding !== undefined && encoding !== 'url')
    throw new S3Error('InvalidArgument', 'The only encoding-type is url');
  const most = wholeNumber(call, mostParameter, { least: 0, most: 2_147_483_647 }) ?? MOST_KEYS;
  return {
    prefix: parameter(call, 'prefix') ?? '',
    delimiter,
    most: Math.min(most, MOST_KEYS),
    encoding,
    written: encoding === 'url' ? (name) => name.split('/').map(encoded).join('/') : (name) => name,
  };
}

export async function listObjectsV2(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const asked = askedOf(call);
  const token = parameter(call, 'continuation-token');
  const startAfter = parameter(call, 'start-after');
  const from =
    positionIn(token) ?? (startAfter ? ({ kind: 'object', name: startAfter } as const) : undefined);
  const page = await pageOf(deps, call, asked, from);
  const next = nextOf(page);
  return {
    status: 200,
    xml: [
      'ListBucketResult',
      [
        ...commonElements(call, asked),
        ['KeyCount', page.entries.length],
        ['StartAfter', startAfter === undefined ? undefined : asked.written(startAfter)],
        ['ContinuationToken', token],
        ['NextContinuationToken', next && positionText(next)],
        ['IsTruncated', next !== undefined],
        ...entryElements(page.entries, asked),
      ],
    ],
  };
}

export async function listObjects(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const asked = askedOf(call);
  const marker = parameter(call, 'marker') ?? '';
  // the marker of the next page may be a folder
  const kind = asked.delimiter !== '' && marker.endsWith('/') ? 'folder' : 'object';
  const page = await pageOf(deps, call, asked, marker === '' ? undefined : { kind, name: marker });
  const next = nextOf(page);
  return {
    status: 200,
    xml: [
      'ListBucketResult',
      [
        ...commonElements(call, asked),
        ['Marker', asked.written(marker)],
        ['NextMarker', next && asked.written(next.name)],
        ['IsTruncated', next !== undefined],
        ...entryElements(page.entries, asked),
      ],
    ],
  };
}

/** @throws {StorageError} NoSuchBucket */
async function pageOf(
  { directory }: S3Dependencies,
  { project, caller, bucket, signal }: S3Call,
  { prefix, delimiter, most }: Asked,
  from: ListPosition | undefined,
): Promise<Page> {
  const work = directory.as(
    project.id,
    caller,
    'storage.s3.object.list',
    async ({ buckets, objects }) => {
      const listed = objects.page({
        bucketId: bucket,
        prefix,
        byFolder: delimiter !== '',
        limit: Math.max(1, most),
        column: 'name',
        order: 'asc',
        after: from?.kind === 'folder' ? { name: from.name, value: null } : undefined,
        ...(from?.kind === 'object' && { startAfter: from.name }),
      });
      const [rules, page] = await Promise.all([buckets.rules(bucket), listed]);
      if (!rules) throw new StorageError('NoSuchBucket');
      return page;
    },
    { signal },
  );
  const page = await work;
  // of nothing there is no next page
  return most === 0 ? { entries: [], next: undefined } : page;
}

function nextOf({ entries, next }: Page): ListPosition | undefined {
  const last = entries.at(-1);
  if (!next || !last) return undefined;
  return 'folder' in last
    ? { kind: 'folder', name: `${last.folder}/` }
    : { kind: 'object', name: last.object.name };
}

const commonElements = (
  { bucket }: S3Call,
  { prefix, delimiter, most, encoding, written }: Asked,
): readonly XmlElement[] => [
  ['Name', bucket],
  ['Prefix', written(prefix)],
  ['Delimiter', delimiter || undefined],
  ['MaxKeys', most],
  ['EncodingType', encoding],
];

const entryElements = (entries: readonly FolderEntry[], { written }: Asked): readonly XmlElement[] =>
  entries.map((entry): XmlElement => {
    if ('folder' in entry) return ['CommonPrefixes', [['Prefix', written(`${entry.folder}/`)]]];
    const { object } = entry;
    return [
      'Contents',
      [
        ['Key', written(object.name)],
        ['LastModified', changedAtOf(object).toISOString()],
        ['ETag', entityTagOf(object)],
        ['Size', sizeInRow(object) ?? 0],
        ['StorageClass', 'STANDARD'],
      ],
    ];
  });
