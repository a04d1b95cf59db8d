/** Configuration -> the platform -> wait for a signal -> stop in order. */
// first: it keeps variables of the environment that are meant for others from the driver
import { InvalidConfiguration, readConfig, searchPath, type Config } from './config.ts';
import { once } from 'node:events';
import { StartInterrupted } from './composition/lifecycle.ts';
import { startPlatform, type Platform } from './composition/platform.ts';
import { pinoLog } from './composition/log.ts';

const STOP_WITHIN_MS = 60_000;
const STOPPED = 'Stopped. Projects and their data are kept; "npm start" brings them back.';
const tell = (line: string): void => console.log(line);

async function main(): Promise<void> {
  // every file is made with a mode of its own; what a shell takes away from it, other users of ours would miss
  process.umask(0o022);
  const config = readConfig();
  const log = pinoLog({ level: config.LOG_LEVEL === 'info' ? 'warn' : config.LOG_LEVEL });
  const stopping = new AbortController();
  const { signal: interrupted } = stopping;
  // a second Ctrl-C changes nothing: it would leave the programs running. SIGHUP: the terminal was closed, and with it
  // where we write to
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  interrupted.addEventListener('abort', () => {
    tell('Stopping ...');
    // whatever hangs, the terminal comes back
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
  });
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  tell('Starting LaunchDB ...');
  const startedAt = performance.now();
  const platform = await startPlatform({ config, searchPath: searchPath(), log, tell, interrupted });
  tell(welcome(platform, config, performance.now() - startedAt));
  if (!interrupted.aborted) await once(interrupted, 'abort');
  await platform.stop();
  tell(STOPPED);
}

function welcome({ url }: Platform, config: Config, tookMs: number): string {
  const took = `${(tookMs / 1000).toFixed(1)} s`;
  const { LAUNCHDB_ROLES: roles, LAUNCHDB_DATA_DIR: dataDir } = config;
  if (!roles.includes('gateway')) return `LaunchDB (${roles.join(', ')}) is ready after ${took}.`;
  const isOpen = config.SIGNUP === 'open' && roles.includes('platform');
  const signUp = isOpen ? 'Whoever reaches the gateway can make an account; SIGNUP=invite ends that.\n' : '';
  const mails =
    config.SMTP_URL === undefined && roles.includes('auth')
      ? "Without SMTP_URL, mails of projects' users are kept: npm run launchdb -- mailbox\n"
      : '';
  return `
LaunchDB is ready after ${took}.

  Gateway        ${url}
  API and docs   ${url}/docs
  Data           ${dataDir} (keep master.key in there safe: without it nothing can be opened)

${signUp}${mails}Next: make an account, log in, create a project. README.md shows it with curl.
Ctrl-C stops everything.
`;
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof StartInterrupted) {
      tell(STOPPED);
      process.exit(0);
    }
    const expected =
      error instanceof InvalidConfiguration || (error instanceof Error && error.name === 'Refused');
    console.error(expected ? `\nLaunchDB cannot start: ${(error as Error).message}` : error);
    process.exit(1);
  },
);
