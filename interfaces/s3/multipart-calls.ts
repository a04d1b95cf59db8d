import {
  beginMultipart,
  completeMultipart,
  endMultipart,
  findMultipart,
  MOST_PARTS,
  partsOf,
  putPart,
  type Multipart,
  type NamedPart,
} from '../../application/storage/multipart-uploads.ts';
import { openObject } from '../../application/storage/open-object.ts';
import type { ByteRange } from '../../application/ports/object-store.ts';
import type { Uploader } from '../../application/storage/store-object.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import { entityTagOf } from '../storage/serve-object.ts';
import { askedOf } from './list-calls.ts';
import { checksumsTold, copySourceOf, found, isUpsert, judgeSource, placeOf } from './object-calls.ts';
import { describedBy } from './object-headers.ts';
import {
  headersOf,
  parameter,
  readDocument,
  readAway,
  uploaderOf,
  wholeNumber,
  type S3Call,
  type S3Dependencies,
  type S3Reply,
  type XmlRoot,
} from './s3-call.ts';
import { S3Error } from './s3-error.ts';
import { childrenOf, textIn, type XmlNode } from './read-xml.ts';
import type { XmlElement } from './xml.ts';

const MD5 = /^"?([0-9a-f]{32})"?$/;

export async function createMultipart(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  await readAway(deps, call);
  const { project, bucket, key, signal } = call;
  const uploader = uploaderOf(call, 'storage.s3.upload.create_multipart');
  const wanted = { ...placeOf(call), description: describedBy(call) };
  const id = await beginMultipart(deps, project, uploader, wanted, signal);
  return {
    status: 200,
    xml: [
      'InitiateMultipartUploadResult',
      [
        ['Bucket', bucket],
        ['Key', key],
        ['UploadId', id],
      ],
    ],
  };
}

const uploadOf = (deps: S3Dependencies, call: S3Call, uploader: Uploader): Promise<Multipart> =>
  findMultipart(deps, call.project, uploader, placeOf(call), parameter(call, 'uploadId') ?? '');

function partNumberOf(call: S3Call): number {
  const number = wholeNumber(call, 'partNumber', { least: 1, most: MOST_PARTS });
  if (number === undefined) throw new S3Error('InvalidArgument', 'partNumber is missing');
  return number;
}

export async function uploadPart(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const { project, promised, signal } = call;
  const number = partNumberOf(call);
  const uploader = uploaderOf(call, 'storage.s3.upload.part');
  const upload = await uploadOf(deps, call, uploader);
  const part = { number, size: promised.size, source: await call.body() };
  const { md5 } = await putPart(deps, project, uploader, upload, part, signal);
  return { status: 200, headers: { etag: `"${md5}"`, ...checksumsTold(call) } };
}

export async function uploadPartCopy(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const { project, signal } = call;
  const operation = 'storage.s3.upload.part_copy';
  const number = partNumberOf(call);
  const uploader = uploaderOf(call, operation);
  const upload = await uploadOf(deps, call, uploader);
  const from = copySourceOf(call);
  const find = async () => {
    const object = await found(deps, call, operation, from);
    judgeSource(call, object);
    return object;
  };
  const wanted = headersOf(call).get('x-amz-copy-source-range');
  const opened = await openObject(deps.bytes, project, find, (_, size) => rangeOf(wanted, size), signal);
  const { range, bytes: source } = opened;
  const size = range ? range.last - range.first + 1 : opened.size;
  const copying = putPart(deps, project, uploader, upload, { number, size, source }).finally(() =>
    source.destroy(),
  );
  return {
    lengthy: copying.then(({ md5, storedAt }): XmlRoot => [
      'CopyPartResult',
      [
        ['LastModified', storedAt.toISOString()],
        ['ETag', `"${md5}"`],
      ],
    ]),
  };
}

/** Unlike that of a download it has both ends, and both are in the object. */
function rangeOf(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (!(range.first <= range.last))
    throw new S3Error('InvalidArgument', 'x-amz-copy-source-range is bytes=first-last');
  if (range.last >= size) throw new S3Error('InvalidRange');
  return range;
}

/** Who asks again is told the same, also when the upload is none any more. */
export async function completeMultipartCall(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const { project, bucket, key, caller, ownerId } = call;
  const uploader = uploaderOf(call, 'storage.s3.upload.complete_multipart');
  const upsert = isUpsert(call);
  const chosen = chosenParts(await readDocument(deps, call, 'CompleteMultipartUpload'));
  const asked = [project.id, caller.role, ownerId, bucket, key, parameter(call, 'uploadId'), upsert, chosen];
  const completing = deps.completions.once(asked, async () => {
    const upload = await uploadOf(deps, call, uploader);
    return completeMultipart(deps, project, uploader, upload, chosen, { upsert });
  });
  return {
    lengthy: completing.then((object): XmlRoot => [
      'CompleteMultipartUploadResult',
      [
        [
          'Location',
          `${project.url}/s3/${encodeURIComponent(bucket)}/${key.split('/').map(encodeURIComponent).join('/')}`,
        ],
        ['Bucket', bucket],
        ['Key', key],
        ['ETag', entityTagOf(object)],
      ],
    ]),
  };
}

/** @throws {S3Error} MalformedXML, InvalidPart, InvalidPartOrder */
function chosenParts(document: XmlNode): readonly NamedPart[] {
  const parts = childrenOf(document, 'Part').map((part) => {
    const number = /^\s*(\d{1,5})\s*$/.exec(textIn(part, 'PartNumber') ?? '')?.[1];
    const md5 = MD5.exec(textIn(part, 'ETag')?.trim() ?? '')?.[1];
    if (number === undefined) throw new S3Error('MalformedXML');
    if (md5 === undefined) throw new S3Error('InvalidPart');
    return { number: Number(number), md5 };
  });
  if (parts.length === 0 || parts.length > MOST_PARTS) throw new S3Error('MalformedXML');
  if (parts.some(({ number }, at) => number <= (parts[at - 1]?.number ?? 0)))
    throw new S3Error('InvalidPartOrder');
  return parts;
}

export async function abortMultipart(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const uploader = uploaderOf(call, 'storage.s3.upload.abort_multipart');
  await endMultipart(deps, call.project, uploader, await uploadOf(deps, call, uploader));
  return { status: 204 };
}

export async function listParts(deps: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const { bucket, key } = call;
  const { most, encoding, written } = askedOf(call, 'max-parts');
  const marker = wholeNumber(call, 'part-number-marker', { least: 0, most: MOST_PARTS }) ?? 0;
  const upload = await uploadOf(deps, call, uploaderOf(call, 'storage.s3.upload.list_parts'));
  const left = (await partsOf(deps, call.project, upload)).filter(({ number }) => number > marker);
  const page = left.slice(0, most);
  const last = page.at(-1);
  const isTruncated = last !== undefined && page.length < left.length;
  return {
    status: 200,
    xml: [
      'ListPartsResult',
      [
        ['Bucket', bucket],
        ['Key', written(key)],
        ['UploadId', upload.id],
        ['EncodingType', encoding],
        ['StorageClass', 'STANDARD'],
        ['PartNumberMarker', marker],
        ['NextPartNumberMarker', isTruncated ? last.number : undefined],
        ['MaxParts', most],
        ['IsTruncated', isTruncated],
        ...page.map(({ number, size, md5, storedAt }): XmlElement => [
          'Part',
          [
            ['PartNumber', number],
            ['LastModified', storedAt.toISOString()],
            ['ETag', `"${md5}"`],
            ['Size', size],
          ],
        ]),
      ],
    ],
  };
}

export async function listUploads({ directory }: S3Dependencies, call: S3Call): Promise<S3Reply> {
  const { project, caller, bucket, signal } = call;
  const { prefix, delimiter, most, encoding, written } = askedOf(call, 'max-uploads');
  if (delimiter !== '') throw new S3Error('NotImplemented', 'Uploads are listed without a delimiter');
  const key = parameter(call, 'key-marker') ?? '';
  const id = parameter(call, 'upload-id-marker');
  const after = key === '' ? undefined : { key, id: id || undefined };
  const all = await directory.as(
    project.id,
    caller,
    'storage.s3.upload.list_multipart',
    async ({ buckets, uploads }) => {
      const listed = uploads.list({ bucketId: bucket, prefix, limit: most + 1, after });
      const [rules, found] = await Promise.all([buckets.rules(bucket), listed]);
      if (!rules) throw new StorageError('NoSuchBucket');
      return found;
    },
    { signal },
  );
  const page = all.slice(0, most);
  const next = page.length < all.length ? page.at(-1) : undefined;
  return {
    status: 200,
    xml: [
      'ListMultipartUploadsResult',
      [
        ['Bucket', bucket],
        ['Prefix', written(prefix)],
        ['KeyMarker', written(key)],
        ['UploadIdMarker', id ?? ''],
        ['NextKeyMarker', next && written(next.key)],
        ['NextUploadIdMarker', next?.id],
        ['EncodingType', encoding],
        ['MaxUploads', most],
        ['IsTruncated', next !== undefined],
        ...page.map((upload): XmlElement => [
          'Upload',
          [
            ['Key', written(upload.key)],
            ['UploadId', upload.id],
            ['StorageClass', 'STANDARD'],
            ['Initiated', (upload.createdAt ?? new Date(0)).toISOString()],
          ],
        ]),
      ],
    ],
  };
}
