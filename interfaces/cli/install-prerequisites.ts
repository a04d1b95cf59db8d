/** The first half of `npm test`: what the tests need of the machine beside npm packages. */
import {
  AWS_CLI,
  CADDY,
  chromiumProgram,
  DOCKER_COMPOSE,
  DOCKERD,
  engineAnswers,
  ensureProgram,
  HAPROXY,
  PG_DUMP,
  PGBOUNCER,
  postgresProgram,
  RCLONE,
} from '../composition/prerequisites.ts';
import { isFullTier, readConfig, searchPath } from '../config.ts';

async function* needed() {
  const postgres = await postgresProgram();
  yield* [...(postgres ? [postgres] : []), PGBOUNCER, PG_DUMP, CADDY, DOCKER_COMPOSE];
  // containers can be reached from outside of Docker on Linux only
  if (process.platform === 'linux')
    yield* [HAPROXY, ...((await engineAnswers(readConfig().DOCKER_HOST)) ? [] : [DOCKERD])];
  // they take a minute, for one test
  if (isFullTier()) yield* [AWS_CLI, RCLONE];
  // last: on a fresh machine it is not known before the first installation what packages there are
  const chromium = await chromiumProgram(searchPath());
  if (chromium) yield chromium;
}

for await (const program of needed()) {
  const found = await ensureProgram(program, { searchPath: searchPath(), log: (line) => console.log(line) });
  if (found.path !== undefined) continue;
  console.error(`${program.title} is needed by the tests: ${found.advice}.`);
  process.exitCode = 1;
}
