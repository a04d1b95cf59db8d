/** `npm run launchdb -- <command>`: the operator's commands, and the owner's `migrate`. */
// first: it keeps variables of the environment that are meant for others from the driver
import { InvalidConfiguration, readClientSettings, readConfig } from '../config.ts';
import { parseArgs } from 'node:util';
import { Unavailable } from '../../application/errors.ts';
import { openOperator } from '../composition/operator.ts';
import type { Command } from './command.ts';
import { eventsCommand, parkedCommand, replayCommand, verifyCommand } from './log-commands.ts';
import { mailboxCommand } from './mailbox-command.ts';
import { inviteCommand } from './invite-command.ts';
import { limitsCommand } from './limits-command.ts';
import { MIGRATE_HELP, runMigrate } from './migrate-command.ts';
import { operatorTokenCommand } from './operator-token-command.ts';
import { statusCommand } from './status-command.ts';
import { retryCommand, whyCommand } from './project-commands.ts';
import { rebuildCommand } from './rebuild-command.ts';
import { storageCommand } from './storage-command.ts';
import { upgradeCommand } from './upgrade-command.ts';
import { usersCommand } from './users-command.ts';

const COMMANDS: readonly Command[] = [
  statusCommand,
  whyCommand,
  eventsCommand,
  retryCommand,
  limitsCommand,
  inviteCommand,
  operatorTokenCommand,
  mailboxCommand,
  replayCommand,
  parkedCommand,
  verifyCommand,
  rebuildCommand,
  upgradeCommand,
  usersCommand,
  storageCommand,
];
const USAGE_ERROR = 64;
/** of errors that say what to do; anything else shows where it happened */
const EXPECTED = new Set(['Refused', 'Rejection', 'StreamNotFound', 'Unavailable']);

const help = (): string =>
  [
    'Usage: npm run launchdb -- <command>\n\nCommands',
    ...COMMANDS.map(({ name, usage, summary }) => `  ${`${name} ${usage}`.padEnd(46)} ${summary}`),
    "\nOwners, with a token and from wherever they are: migrate up|status|new|diff-check; see 'migrate --help'.",
    '\nThe platform has to run. The same environment variables as for "npm start" apply; see .env.example.',
    'Exit codes: 0 fine, 1 not possible, 2 something is not as it should be, 64 wrong usage.',
  ].join('\n');

async function main([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || ['help', '--help', '-h'].includes(name)) {
    console.log(help());
    return 0;
  }
  if (name === 'migrate') return migrate(rest);
  const command = COMMANDS.find((one) => one.name === name);
  const given = command && parsed(command, rest);
  if (!command || !given) {
    console.error(
      `${command ? `Usage: ${name} ${command.usage}` : `There is no command "${name}".`}\n\n${help()}`,
    );
    return USAGE_ERROR;
  }
  const stopping = new AbortController();
  process.on('SIGINT', () => stopping.abort());
  const operator = await openOperator(readConfig());
  try {
    return await command.run(operator, {
      ...given,
      say: (line) => console.log(line),
      signal: stopping.signal,
    });
  } finally {
    await operator.close();
  }
}

async function migrate(args: readonly string[]): Promise<number> {
  const code = await runMigrate(args, readClientSettings(), (line) => console.log(line));
  if (code === undefined) console.error(MIGRATE_HELP);
  return code ?? USAGE_ERROR;
}

/** @returns undefined for flags and arguments that the command does not take */
function parsed({ flags, options: named = [], arguments: [least, most] }: Command, args: readonly string[]) {
  try {
    const options = Object.fromEntries([
      ...flags.map((flag) => [flag, { type: 'boolean' }] as const),
      ...named.map((name) => [name, { type: 'string' }] as const),
    ]);
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    if (positionals.length < least || positionals.length > most) return undefined;
    const given = Object.entries(values);
    return {
      args: positionals,
      flags: new Set(given.flatMap(([name, value]) => (value === true ? [name] : []))),
      options: new Map(given.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []))),
    };
  } catch {
    return undefined;
  }
}

// whoever reads has what they want: launchdb events --follow | head -1
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const expected =
      error instanceof InvalidConfiguration || (error instanceof Error && EXPECTED.has(error.name));
    console.error(expected ? (error as Error).message : error);
    if (error instanceof Unavailable)
      console.error('Does the platform run ("npm start")? Its log tells more.');
    process.exit(1);
  },
);
