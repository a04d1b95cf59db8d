/** `npm run bench:report`: draws the runs that are kept in `bench/results` into `docs/performance`. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { report } from './report-page.ts';
import { namedRuns } from './results.ts';
import { SECTIONS } from './sections.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'performance');

await mkdir(FOLDER, { recursive: true });
const files = report(await namedRuns(), SECTIONS);
for (const name of await readdir(FOLDER)) if (!files.has(name)) await rm(join(FOLDER, name));
for (const [name, text] of files) {
  const path = join(FOLDER, name);
  const options = { ...(await resolveConfig(path)), parser: 'markdown' };
  await writeFile(path, name.endsWith('.md') ? await format(text, options) : text);
}
console.log(`${[...files.keys()].join(', ')} in docs/performance`);
