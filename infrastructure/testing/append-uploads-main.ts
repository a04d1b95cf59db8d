/** Appends to an upload from where it is until it is killed, and tells of each append. Its arguments: a folder, a project, an upload. */
import { Readable } from 'node:stream';
import { isUploadId } from '../../application/ports/upload-spool.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { DiskUploadSpool } from '../storage/disk-upload-spool.ts';
import { patternAt } from './append-uploads.ts';

const [, , folder = '', project = '', id = ''] = process.argv;
if (!isUploadId(id)) throw new Error('not an upload');
const spool = await DiskUploadSpool.open(folder);
let offset = (await spool.find(projectId(project), id))?.parts[0]?.size ?? 0;
for (;;) {
  const bytes = patternAt(offset, 10_000 + (offset % 90_000));
  const chunks = [bytes.subarray(0, 5_000), bytes.subarray(5_000)];
  offset = await spool.append(projectId(project), id, 1, offset, Readable.from(chunks));
  process.send?.(offset);
}
