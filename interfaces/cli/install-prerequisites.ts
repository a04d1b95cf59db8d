/** The first half of `npm test`: what the tests need of the machine beside npm packages. */
import { ensurePgbouncer } from '../composition/prerequisites.ts';
import { searchPath } from '../config.ts';

const found = await ensurePgbouncer({ searchPath: searchPath(), log: (line) => console.log(line) });
if (found.path === undefined) {
  console.error(`PgBouncer is needed by the tests: ${found.advice}.`);
  process.exitCode = 1;
}
