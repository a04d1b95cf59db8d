/** The real platform, but for one thing: at a named point of a named step it ends itself with SIGKILL. */
import { startPlatform } from '../composition/platform.ts';
import { pinoLog } from '../composition/log.ts';
import { readConfig, searchPath } from '../config.ts';

const [process_, step, direction, moment] = (process.env['CRASH_AT'] ?? '').split('/');
const tell = (line: string): void => console.log(line);

await startPlatform({
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
});
tell('LaunchDB is ready after a start that will end badly.');
