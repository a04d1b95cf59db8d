/** The first half of `npm test`: what the tests need of the machine beside npm packages. */
import { ensureProgram, PG_DUMP, PGBOUNCER } from '../composition/prerequisites.ts';
import { searchPath } from '../config.ts';

for (const program of [PGBOUNCER, PG_DUMP]) {
  const found = await ensureProgram(program, { searchPath: searchPath(), log: (line) => console.log(line) });
  if (found.path !== undefined) continue;
  console.error(`${program.title} is needed by the tests: ${found.advice}.`);
  process.exitCode = 1;
}
