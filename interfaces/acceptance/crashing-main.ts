/**
 * The real platform, but for two things: at a named point of a named step it ends itself with SIGKILL, and where
 * REFUSE_PROBE is set no REST API ever passes its last check, so that a provision is undone.
 */
import { Refused } from '../../application/errors.ts';
import { startPlatform } from '../composition/platform.ts';
import type { PlatformOptions } from '../composition/platform-options.ts';
import { TOKENS } from '../composition/tokens.ts';
import { pinoLog } from '../composition/log.ts';
import { readConfig, searchPath } from '../config.ts';

const [process_, step, direction, moment] = (process.env['CRASH_AT'] ?? '').split('/');
const tell = (line: string): void => console.log(line);

const options: PlatformOptions = {
  config: readConfig(),
  searchPath: searchPath(),
  log: pinoLog({ level: 'debug' }),
  tell,
  observe(point) {
    if (point.process !== process_ || point.step !== step || point.direction !== direction) return;
    if (point.moment !== moment) return;
    // in the middle of an effect: a moment after it began
    if (moment === 'during-effect') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 5);
    else process.kill(process.pid, 'SIGKILL');
  },
};
await startPlatform(options, (container) => {
  container.onActivation(TOKENS.world, (_context, world) => {
    if (process.env['REFUSE_PROBE'] !== undefined) {
      world.dataApis.probe = () => Promise.reject(new Refused('no REST API passes here'));
    }
    return world;
  });
});
tell('LaunchDB is ready after a start that will end badly.');
