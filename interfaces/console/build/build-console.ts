/**
 * Builds the console into `dist`: `node interfaces/console/build/build-console.ts`. With `--if-changed` only when the
 * sources are not those of the build that is there, as `npm start` and the tests ask for it.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { env } from 'node:process';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { apiTypes } from './write-api-types.ts';

const FOLDER = join(import.meta.dirname, '..');
const ROOT = join(FOLDER, '..', '..');
const DIST = join(FOLDER, 'dist');
const STAMP = join(DIST, 'stamp');
const API_TYPES = join(FOLDER, 'src', 'api', 'openapi-types.ts');
/** what is too small is not worth another name */
const WORTH_BYTES = 512;

const say = (line: string): void => console.log(line);

async function main(): Promise<void> {
  const stamp = await stampOfSources();
  const ifChanged = process.argv.includes('--if-changed');
  if (ifChanged && (await readFile(STAMP, 'utf8').catch(() => '')) === stamp) return;
  // whatever it is built for: React's other half is three times as large
  env['NODE_ENV'] = 'production';
  const tools = await import('vite').catch(() => undefined);
  if (!tools) {
    say(`The console cannot be built: its tools are not installed. "npm ci" without --omit=dev brings them, and
"npm run build" builds it; or copy interfaces/console/dist from a machine where it was built.`);
    // a platform without it serves all the same
    process.exit(ifChanged ? 0 : 1);
  }
  say('Building the console ...');
  const startedAt = performance.now();
  await writeFile(API_TYPES, apiTypes(await readFile(join(ROOT, 'openapi.json'), 'utf8')));
  await tools.build({ configFile: join(FOLDER, 'vite.config.ts'), logLevel: 'warn' });
  await compressAll();
  await writeFile(STAMP, stamp);
  say(`Built the console in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
}

/** Of everything that a build is made of. */
async function stampOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const isSource = (name: string) => !/^(dist|node_modules)(\/|$)/.test(name) && !name.endsWith('.md');
  const own = (await filesIn(FOLDER)).filter(
    (path) => isSource(relative(FOLDER, path)) && path !== API_TYPES,
  );
  for (const path of [...own.sort(), join(ROOT, 'openapi.json'), join(ROOT, 'package-lock.json')]) {
    hash.update(`${relative(ROOT, path)}\0`).update(await readFile(path));
  }
  return hash.digest('hex');
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

async function compressAll(): Promise<void> {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  for (const path of await filesIn(DIST)) {
    const bytes = await readFile(path);
    if (bytes.length < WORTH_BYTES) continue;
    await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes, quality));
    await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
  }
}

await main();
