/**
 * What was made of pictures, kept on the disk within a bound: `<project>/<what was made of which version>.<format>`.
 * Whatever was not asked for longest goes first. It may be lost at any time.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { unlessAborted } from '../../application/background/deadline.ts';
import type { Log } from '../../application/ports/log.ts';
import type {
  ImageSource,
  ImageTransformer,
  TransformedImage,
} from '../../application/ports/image-transformer.ts';
import { isProjectId, projectId, type ProjectId } from '../../domain/project/project-id.ts';
import { transformationText, type ImageTransformation } from '../../domain/storage/image-transformation.ts';
import { onDisk } from '../storage/disk-fault.ts';
import { FILE_MODE, folderBelow, ownFolder } from '../storage/safe-folders.ts';
import { KeptFiles } from './kept-files.ts';

const NAME = /^[0-9a-f]{64}\.(?:jpeg|png|webp|gif|avif)$/;
const FORMATS = ['jpeg', 'png', 'webp', 'gif', 'avif'];
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

interface Made {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export class CachedImages implements ImageTransformer {
  readonly #images: ImageTransformer;
  readonly #root: string;
  readonly #kept: KeptFiles;
  readonly #log: Pick<Log, 'warn'>;
  /** who asks for what is being made for others has it when they have */
  readonly #making = new Map<string, Promise<Made>>();

  private constructor(images: ImageTransformer, root: string, kept: KeptFiles, log: Pick<Log, 'warn'>) {
    this.#images = images;
    this.#root = root;
    this.#kept = kept;
    this.#log = log;
  }

  /** @param folder of this cache alone; made when it is missing @param mostBytes of all projects together */
  static async open(
    images: ImageTransformer,
    { folder, mostBytes, log }: { folder: string; mostBytes: number; log: Pick<Log, 'warn'> },
  ): Promise<CachedImages> {
    return onDisk('make the folder of pictures', async () => {
      await ownFolder(folder);
      const kept = new KeptFiles(mostBytes);
      for (const { path, size } of await filesIn(folder)) kept.add(path, size);
      const cached = new CachedImages(images, folder, kept, log);
      await cached.#makeRoom();
      return cached;
    });
  }

  get bytes(): number {
    return this.#kept.bytes;
  }

  /** One that is made for somebody is made to the end, though they go: whoever asks next has it. */
  async transform(
    source: ImageSource,
    transformation: ImageTransformation,
    signal?: AbortSignal,
  ): Promise<TransformedImage> {
    const place = placeOf(source, transformation);
    const kept = await this.#find(place);
    if (kept) return kept;
    const making = this.#making.get(place) ?? this.#make(place, source, transformation);
    const { mediaType, bytes } = await unlessAborted(making, signal, () => {
      throw signal?.reason;
    });
    return { mediaType, size: bytes.length, bytes: Readable.from([bytes], { objectMode: false }) };
  }

  async forget(project: ProjectId): Promise<void> {
    const folder = join(this.#root, projectId(project));
    // what is being made would be kept when it is: nobody looks again at what was forgotten
    const making = [...this.#making].filter(([place]) => place.startsWith(`${project}/`));
    await Promise.allSettled(making.map(([, made]) => made));
    this.#kept.removeAll((path) => path.startsWith(`${project}/`));
    await onDisk('remove the pictures of a project', () =>
      rm(folder, { recursive: true, force: true, maxRetries: 5 }),
    );
    await this.#images.forget(project);
  }

  /** @param place without the format, which is not known before there is one */
  async #find(place: string): Promise<TransformedImage | undefined> {
    const format = FORMATS.find((one) => this.#kept.find(`${place}.${one}`));
    if (format === undefined) return undefined;
    const path = `${place}.${format}`;
    try {
      const [project = '', name = ''] = path.split('/');
      const handle = await open(join(await folderBelow(this.#root, [project], false), name), READ);
      const { size } = await handle.stat();
      const now = new Date();
      // by it the next process knows what was asked for last
      await handle.utimes(now, now).catch(() => {});
      return { mediaType: `image/${format}`, size, bytes: handle.createReadStream() };
    } catch {
      // whoever has access to the disk may have removed it
      this.#kept.remove(path);
      return undefined;
    }
  }

  #make(place: string, source: ImageSource, transformation: ImageTransformation): Promise<Made> {
    const making = this.#made(place, source, transformation).finally(() => this.#making.delete(place));
    this.#making.set(place, making);
    return making;
  }

  async #made(place: string, source: ImageSource, transformation: ImageTransformation): Promise<Made> {
    const { mediaType, bytes: stream } = await this.#images.transform(source, transformation);
    const bytes = await buffer(stream);
    // a disk that is full is no reason not to show it
    await this.#keep(`${place}.${mediaType.slice('image/'.length)}`, bytes).catch((err: unknown) =>
      this.#log.warn({ err, project: source.project }, 'a picture that was made could not be kept'),
    );
    return { mediaType, bytes };
  }

  async #keep(path: string, bytes: Buffer): Promise<void> {
    const [project = '', name = ''] = path.split('/');
    await onDisk('keep a picture', async () => {
      const folder = await folderBelow(this.#root, [project], true);
      const temporary = join(folder, randomUUID());
      try {
        // flushed: whatever has a name is whole, also after a loss of power
        await writeFile(temporary, bytes, { flag: NEW_FILE, mode: FILE_MODE, flush: true });
        await rename(temporary, join(folder, name));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    });
    this.#kept.add(path, bytes.length);
    await this.#makeRoom();
  }

  async #makeRoom(): Promise<void> {
    for (const path of this.#kept.tooMany())
      await onDisk('remove a picture', () => rm(join(this.#root, path), { force: true }));
  }
}

/** Nobody can name another project's, whatever stands in rows of theirs. */
function placeOf({ project, version }: ImageSource, transformation: ImageTransformation): string {
  const made = createHash('sha256')
    .update(`${version} ${transformationText(transformation)}`)
    .digest('hex');
  return `${projectId(project)}/${made}`;
}

/** Those asked for last at the end. What somebody was writing, and whatever else is there, is removed. */
async function filesIn(root: string): Promise<{ readonly path: string; readonly size: number }[]> {
  const found: { path: string; size: number; askedAt: number }[] = [];
  for (const project of await readdir(root)) {
    const isOurs = isProjectId(project) && (await lstat(join(root, project))).isDirectory();
    if (!isOurs) await rm(join(root, project), { recursive: true, force: true });
    for (const name of isOurs ? await readdir(join(root, project)) : []) {
      const path = `${project}/${name}`;
      const file = await lstat(join(root, path));
      if (NAME.test(name) && file.isFile()) found.push({ path, size: file.size, askedAt: file.mtimeMs });
      else await rm(join(root, path), { recursive: true, force: true });
    }
  }
  return found.sort((one, other) => one.askedAt - other.askedAt);
}
