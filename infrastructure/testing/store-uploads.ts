/**
 * Stores uploads until it is killed, several at once, and tells of each when it is stored. Its arguments: `disk` or the settings of
 * an S3 server, and a folder.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { isObjectVersion } from '../../application/ports/object-store.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { DiskObjectStore } from '../storage/disk-object-store.ts';
import type { S3Settings } from '../storage/s3-client.ts';
import { S3ObjectStore } from '../storage/s3-object-store.ts';
import { TemporaryFiles } from '../storage/temporary-files.ts';

const UPLOADS = 100;
const AT_ONCE = 8;
const MOST_BYTES = 400_000;

const [, , where = '', folder = '', project = ''] = process.argv;
const store =
  where === 'disk'
    ? await DiskObjectStore.open(folder)
    : new S3ObjectStore(
        JSON.parse(where) as S3Settings,
        await TemporaryFiles.open(join(folder, 'temporary')),
        {},
        { partBytes: 128 * 1024, listed: 1_000 },
      );

let left = UPLOADS;
const lane = async (): Promise<void> => {
  while (left-- > 0) {
    const version = randomUUID();
    if (!isObjectVersion(version)) throw new Error('a UUID of another kind');
    const bytes = randomBytes(4 + (randomBytes(4).readUInt32LE() % MOST_BYTES));
    // the length stands in front, so that whoever finds it can tell that it is whole
    bytes.writeUInt32LE(bytes.length);
    const md5 = createHash('md5').update(bytes).digest('hex');
    const chunks = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, index) =>
      bytes.subarray(index * 65_536, (index + 1) * 65_536),
    );
    const stored = await store.put(projectId(project), version, Readable.from(chunks));
    if (stored.md5 !== md5) throw new Error('stored something else');
    process.send?.({ version, md5 });
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, lane));
process.disconnect();
