import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';

/**
 * What a thread needs of our environment, to load what was compiled before where there is some: a compiler of its own is
 * 25 MiB. Nothing else of it, no secret above all.
 */
export function compileCache(): Readonly<Record<string, string>> {
  // in the folder that was asked for there is one for each version of Node
  const ours = getCompileCacheDir();
  return ours === undefined ? {} : { NODE_COMPILE_CACHE: dirname(ours) };
}
