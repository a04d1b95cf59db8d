/** The pooler's public door, a process of its own that knows no secret but its certificate's key. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pinoLog } from './composition/log.ts';
import { certificateIsThere, publicPooler } from './composition/public-pooler.ts';
import { InvalidConfiguration, readPublicPoolerSettings } from './config.ts';

const LOOK_EVERY_MS = 2_000;
const STOP_WITHIN_MS = 12_000;

async function main(): Promise<void> {
  const settings = readPublicPoolerSettings();
  const log = pinoLog({ level: settings.LOG_LEVEL === 'info' ? 'warn' : settings.LOG_LEVEL });
  const asked = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => asked.abort());
  const { signal } = asked;
  while (!signal.aborted && !(await certificateIsThere(settings))) {
    console.log(`Waiting for ${settings.PUBLIC_POOLER_CERT} and ${settings.PUBLIC_POOLER_KEY}`);
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
  if (signal.aborted) return;
  const door = publicPooler(settings, log);
  await door.start();
  console.log('The public pooler is ready.');
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
  await door.stop();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const expected =
      error instanceof InvalidConfiguration || (error instanceof Error && error.name === 'Refused');
    console.error(expected ? `The public pooler cannot start: ${(error as Error).message}` : error);
    process.exit(1);
  },
);
