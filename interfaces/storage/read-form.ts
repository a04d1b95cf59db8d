/** A form with one file in it, as it comes: what stands before the file is known with it, what stands behind it later. */
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { Dicer } from '@fastify/busboy';
import { invalidRequest } from '../../application/storage/storage-error.ts';
import type { IncomingForm } from '../http/body.ts';

const MOST_PARTS = 50;
/** of all fields together */
const MOST_FIELD_BYTES = 256 * 1024;

export interface Form {
  /** more come until it has ended */
  readonly fields: ReadonlyMap<string, string>;
  /** of the file's own part */
  readonly mediaType: string | undefined;
  readonly file: Readable;
  /** resolves when all of it has been read, which takes reading the file */
  readonly ended: Promise<void>;
}

interface PartHeaders {
  readonly [name: string]: readonly string[] | undefined;
}

/** Resolves where the file begins. @throws {StorageError} it is broken, or has no file */
export async function readForm({ body, contentType }: IncomingForm): Promise<Form> {
  const fields = new Map<string, string>();
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,200})"|([^;\s"]{1,200}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw invalidRequest('The form has no boundary.');
  const dicer = new Dicer({ boundary });
  const began = Promise.withResolvers<Pick<Form, 'mediaType' | 'file'>>();
  const over = Promise.withResolvers<void>();
  const reading: Promise<void>[] = [];
  let file: Readable | undefined;
  let parts = 0;
  const fail = (error: unknown) => {
    began.reject(error);
    over.reject(error);
    file?.destroy(error as Error);
    body.unpipe(dicer);
    body.resume();
  };
  let fieldBytes = 0;
  const take = (bytes: number) => {
    fieldBytes += bytes;
    if (fieldBytes <= MOST_FIELD_BYTES) return true;
    fail(invalidRequest('The fields of the form are too large.'));
    return false;
  };
  const broken = () => fail(invalidRequest('The form is broken.'));
  over.promise.catch(() => {});
  began.promise.catch(() => {});
  dicer.on('part', (part) => {
    part.on('error', broken);
    parts++;
    part.once('header', (raw) => {
      const headers = raw as PartHeaders;
      const disposition = headers['content-disposition']?.[0] ?? '';
      if (parts > MOST_PARTS) return fail(invalidRequest('The form has too many parts.'));
      if (!isFile(disposition))
        return void reading.push(readField(part, nameIn(disposition), fields, take).catch(fail));
      if (file) return fail(invalidRequest('The form has more than one file.'));
      // of our own: the parser's ends with errors that are nobody's
      file = part.pipe(new PassThrough());
      file.on('error', () => {});
      began.resolve({ mediaType: headers['content-type']?.[0]?.trim(), file });
    });
  });
  dicer.once('finish', () => {
    began.reject(invalidRequest('The form has no file.'));
    Promise.all(reading).then(() => over.resolve(), over.reject);
  });
  dicer.on('error', broken);
  body.once('error', fail);
  body.pipe(dicer);
  return { fields, ended: over.promise, ...(await began.promise) };
}

const isFile = (disposition: string): boolean => /;\s*filename\*?=/i.test(disposition);
const nameIn = (disposition: string): string => /;\s*name="([^"]*)"/i.exec(disposition)?.[1] ?? '';

async function readField(
  part: Readable,
  name: string,
  fields: Map<string, string>,
  take: (bytes: number) => boolean,
): Promise<void> {
  const chunks: Buffer[] = [];
  part.on('data', (chunk: Buffer) => {
    if (take(chunk.length)) chunks.push(chunk);
    else chunks.length = 0;
  });
  await once(part, 'end');
  if (!fields.has(name)) fields.set(name, Buffer.concat(chunks).toString('utf8'));
}
