/**
 * The real platform, but for seven things: at the point of a step, or of an append (`append/SpareClaimed/before`), that its
 * parent process named last, or CRASH_AT from the start, it ends itself with SIGKILL; so it does at the point of the move that CRASH_MOVE names; where REFUSE_PROBE is set no REST API ever passes its last check, so that a provision is undone;
 * TEMPLATE_DIR is a folder with another project template, as a later release would bring it, and so is LATER_LOGIN a login
 * that projects have with it: its version, its name and the schema that it is for; LOGINS_UP_TO is the version of an earlier
 * one, whose projects have no login that came later; SECOND_SERVER is the URL of another
 * PostgreSQL for projects' databases.
 */
import { flushCompileCache } from 'node:module';
import { Refused } from '../../application/errors.ts';
import type { ProjectLogin } from '../../domain/project/project-logins.ts';
import { startPlatform } from '../composition/platform.ts';
import type { PlatformOptions } from '../composition/platform-options.ts';
import { TOKENS } from '../composition/tokens.ts';
import { pinoLog } from '../composition/log.ts';
import { readConfig, searchPath } from '../config.ts';
import { withSecondServer } from './second-server.ts';

let crashAt: unknown = process.env['CRASH_AT'];
const end = () => process.kill(process.pid, 'SIGKILL');
process.on('message', (point) => {
  crashAt = point;
  process.send?.('so be it');
});
const tell = (line: string): void => console.log(line);

const config = readConfig();
const templateFolder = process.env['TEMPLATE_DIR'];
const options: PlatformOptions = {
  config,
  searchPath: searchPath(),
  log: pinoLog({ level: config.LOG_LEVEL }),
  tell,
  ...(templateFolder !== undefined && { templateFolder }),
  observeMove(point) {
    if (point === process.env['CRASH_MOVE']) end();
  },
  observe(point) {
    if (`${point.process}/${point.step}/${point.direction}/${point.moment}` !== crashAt) return;
    // in the middle of an effect: a moment after it began
    if (point.moment === 'during-effect') setTimeout(end, 5);
    else end();
  },
};
await startPlatform(options, (container) => {
  container.onActivation(TOKENS.world, (_context, world) => {
    if (process.env['REFUSE_PROBE'] !== undefined) {
      world.dataApis.probe = () => Promise.reject(new Refused('no REST API passes here'));
    }
    return world;
  });
  container.onActivation(TOKENS.store, (_context, store) => {
    const append = store.append.bind(store);
    store.append = async (stream, expected, events) => {
      const at = (when: 'before' | 'after') =>
        events.some(({ type }) => `append/${type}/${when}` === crashAt);
      if (at('before')) end();
      const appended = await append(stream, expected, events);
      if (at('after')) end();
      return appended;
    };
    return store;
  });
  const second = process.env['SECOND_SERVER'];
  if (second !== undefined) withSecondServer(second)(container);
  const upTo = Number(process.env['LOGINS_UP_TO'] ?? Infinity);
  container.onActivation(TOKENS.projectLogins, (_context, logins) =>
    logins.filter((login) => login.since <= upTo),
  );
  const [since, name, schema] = (process.env['LATER_LOGIN'] ?? '').split(' ');
  if (since === undefined || name === undefined || schema === undefined) return;
  const login: ProjectLogin = {
    name,
    since: Number(since),
    rights: { database: ['CONNECT'], shared: false, schemas: [schema], hangs: false },
    connections: () => 5,
    pooled: 2,
    settings: () => ({ statement_timeout: '10s' }),
  };
  container.onActivation(TOKENS.projectLogins, (_context, logins) => [...logins, login]);
});
tell('LaunchDB is ready after a start that will end badly.');
// whoever is killed leaves none behind
flushCompileCache();
