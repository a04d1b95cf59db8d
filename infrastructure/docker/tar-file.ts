/** The engine takes and gives files as tar archives; ours hold a few small ones. */
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';

export interface PackedFile {
  readonly name: string;
  readonly content: string | Buffer;
  readonly mode: number;
  /** of its user and group */
  readonly owner: number;
}

export function packFile(...files: readonly PackedFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, content, mode, owner } of files) {
    archive.entry({ name, mode, uid: owner, gid: owner }, content);
  }
  archive.finalize();
  return buffer(archive);
}

/** The first file of an archive. */
export async function unpackFile(archive: Readable): Promise<string | undefined> {
  for await (const entry of archive.pipe(extract())) return text(entry);
  return undefined;
}
