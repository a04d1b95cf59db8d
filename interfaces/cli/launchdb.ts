/** The operator's command: `npm run launchdb -- <command>`. */
import { InvalidConfiguration, readConfig } from '../config.ts';
import { replayViews } from '../composition/replay-views.ts';

const HELP = `Usage: npm run launchdb -- <command>

Commands
  replay    Rebuild every query view from the event log, beside the running platform,
            and say whether the rebuilt rows equal those that were there.
  help      Show this.

The same environment variables as for "npm start" apply; see .env.example.`;

const BAR_WIDTH = 24;

async function replay(): Promise<number> {
  const interactive = process.stdout.isTTY;
  const results = await replayViews(readConfig(), (name, { done, total, ratePerSecond, secondsLeft }) => {
    if (!interactive) return;
    const filled = total === 0 ? BAR_WIDTH : Math.round((done / total) * BAR_WIDTH);
    const bar = '#'.repeat(filled).padEnd(BAR_WIDTH, '.');
    const rate = `${Math.round(ratePerSecond)}/s`;
    const left = secondsLeft === null ? '' : `, ${Math.ceil(secondsLeft)} s left`;
    process.stdout.write(`\r\u001B[K${name.padEnd(22)} [${bar}] ${done}/${total} events, ${rate}${left}`);
  });
  if (interactive) process.stdout.write('\r\u001B[K');
  for (const { projection, equal, rows } of results) {
    console.log(
      `${projection.padEnd(22)} ${rows} rows, ${equal ? 'equal to what was there' : 'DIFFERENT from what was there'}`,
    );
  }
  return results.every(({ equal }) => equal) ? 0 : 2;
}

async function main(command: string | undefined): Promise<number> {
  if (command === 'replay') return replay();
  console.log(HELP);
  if (command === undefined || ['help', '--help', '-h'].includes(command)) return 0;
  console.error(`\nThere is no command "${command}".`);
  return 64;
}

main(process.argv[2]).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const expected =
      error instanceof InvalidConfiguration || (error instanceof Error && error.name === 'Refused');
    console.error(expected ? (error as Error).message : error);
    process.exit(1);
  },
);
