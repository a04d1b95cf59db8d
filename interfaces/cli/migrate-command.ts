/** `launchdb migrate`: an owner's tool. It talks to the API with their token and to nothing else. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Refused } from '../../application/errors.ts';
import { compareFolder } from '../../domain/migration/plan-migrations.ts';
import type { MigrationFile } from '../../domain/migration/migration-file.ts';
import type { ClientSettings } from '../config.ts';
import { newFile, readFolder } from './migration-folder.ts';
import { ask, ProblemAnswer, type OwnerAccess } from './owner-client.ts';

export const MIGRATE_HELP = `Usage: npm run launchdb -- migrate <what> [folder] [options]

  up [folder]            apply the files that the project does not have, in order; stops at the first that fails
  status [folder]        each file: applied, pending, changed or missing (the project has it, the folder does not)
  diff-check [folder]    the same; ends with 1 when the folder and the project differ (for CI)
  new <name> [folder]    make the next file, empty

The folder (default ./migrations) holds files like 0001_make_todos.sql. Each runs in one transaction, or, with
"-- launchdb: no-transaction" at its head, as one statement without (for CREATE INDEX CONCURRENTLY).

Options
  --project <id>         default: LAUNCHDB_PROJECT
  --url <url>            where the platform is; default: LAUNCHDB_URL, or http://localhost:8080
  --token-file <file>    a file with a personal access token (POST /api/tokens, scopes read and write);
                         default: LAUNCHDB_TOKEN. Not an argument: those are seen by everybody on the machine.
  --dry-run              up: run everything in one transaction and take it back
  --lock-timeout <ms>    up: how long a statement waits for a lock (default 3000)
  --statement-timeout <ms>  up: how long a statement takes (default 30000, at most 90000)

Exit codes: 0 fine, 1 not possible or different, 64 wrong usage.`;

const OPTIONS = {
  project: { type: 'string' },
  url: { type: 'string' },
  'token-file': { type: 'string' },
  'dry-run': { type: 'boolean' },
  'lock-timeout': { type: 'string' },
  'statement-timeout': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;
/** of one request; a dry run has to be one */
const MAX_DRY_RUN = 100;

const projectMigrations = z.object({
  migrations: z.array(
    z.object({ version: z.int(), name: z.string(), checksum: z.string(), applied_at: z.string() }),
  ),
});
const outcome = z.object({
  results: z.array(z.object({ name: z.string(), outcome: z.string(), duration_ms: z.int() })),
});

type Options = ReturnType<typeof parsed>['values'];
type Say = (line: string) => void;

/** @returns the exit code, or undefined when it was used wrongly */
export async function runMigrate(
  args: readonly string[],
  settings: ClientSettings,
  say: Say,
): Promise<number | undefined> {
  let given: ReturnType<typeof parsed>;
  try {
    given = parsed(args);
  } catch {
    return undefined;
  }
  const [what, ...rest] = given.positionals;
  if (given.values.help === true || what === 'help') {
    say(MIGRATE_HELP);
    return 0;
  }
  const [folder = 'migrations'] = what === 'new' ? rest.slice(1) : rest;
  const most = what === 'new' ? 2 : 1;
  if (rest.length > most) return undefined;
  switch (what) {
    case 'new':
      if (rest[0] === undefined) return undefined;
      say(await newFile(folder, rest[0]));
      return 0;
    case 'up':
      return up(await compared(folder, given.values, settings), given.values, say);
    case 'status':
      return status(await compared(folder, given.values, settings), say, 0);
    case 'diff-check':
      return status(await compared(folder, given.values, settings), say, 1);
    case undefined:
    default:
      return undefined;
  }
}

const parsed = (args: readonly string[]) =>
  parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });

interface Compared {
  readonly access: OwnerAccess;
  readonly path: string;
  readonly entries: readonly (ReturnType<typeof compareFolder>[number] & {
    readonly file?: MigrationFile;
    readonly row?: { readonly applied_at: string };
  })[];
}

async function compared(folder: string, options: Options, settings: ClientSettings): Promise<Compared> {
  const file = options['token-file'];
  const token = file === undefined ? settings.LAUNCHDB_TOKEN : await tokenOf(file);
  const project = options.project ?? settings.LAUNCHDB_PROJECT;
  if (project === undefined) throw new Refused('say which project with --project or LAUNCHDB_PROJECT');
  if (token === undefined)
    throw new Refused('a personal access token is needed, in LAUNCHDB_TOKEN or by --token-file');
  const url = (options.url ?? settings.LAUNCHDB_URL).replace(/\/+$/, '');
  if (!URL.canParse(url)) throw new Refused(`"${url}" is no URL`);
  const access = { url, token };
  const path = `/api/projects/${encodeURIComponent(project)}/migrations`;
  const files = await readFolder(folder);
  const { migrations } = await ask(access, 'GET', path, projectMigrations);
  return { access, path, entries: compareFolder(files, migrations) };
}

async function tokenOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Refused(`the token file ${file} cannot be read`, error);
  });
  return text.trim();
}

function status({ entries }: Compared, say: Say, whenDifferent: number): number {
  if (entries.length === 0) say('There are no migrations, neither in the folder nor in the project.');
  for (const { name, state, row } of entries) {
    say(`${state.padEnd(8)} ${name}${row ? `  ${row.applied_at}` : ''}`);
  }
  return entries.every(({ state }) => state === 'applied') ? 0 : whenDifferent;
}

async function up({ access, path, entries }: Compared, options: Options, say: Say): Promise<number> {
  const wrong = entries.filter(({ state }) => state === 'changed' || state === 'missing');
  for (const { name, state } of wrong) {
    say(
      state === 'changed'
        ? `changed  ${name}: it differs from what was applied; put it back and add a new file instead`
        : `missing  ${name}: the project has it and the folder does not; bring the folder up to date`,
    );
  }
  if (wrong.length > 0) return 1;
  const pending = entries.flatMap(({ file }, index) =>
    entries[index]?.state === 'pending' && file ? [file] : [],
  );
  if (pending.length === 0) {
    say('Nothing to do: the project has every file.');
    return 0;
  }
  const dryRun = options['dry-run'] === true;
  if (dryRun && pending.length > MAX_DRY_RUN)
    throw new Refused(`a dry run takes ${MAX_DRY_RUN} files at most, and ${pending.length} are pending`);
  const batches = dryRun ? [pending] : pending.map((file) => [file]);
  for (const batch of batches) {
    const body = {
      migrations: batch.map(({ name, sql }) => ({ name, sql })),
      dry_run: dryRun,
      ...milliseconds(options, 'lock-timeout', 'lock_timeout_ms'),
      ...milliseconds(options, 'statement-timeout', 'statement_timeout_ms'),
    };
    try {
      const { results } = await ask(access, 'POST', path, outcome, body);
      for (const one of results) say(`${one.outcome.padEnd(9)} ${one.name}  ${one.duration_ms} ms`);
    } catch (error) {
      if (!(error instanceof ProblemAnswer)) throw error;
      for (const line of failureLines(error)) say(line);
      return 1;
    }
  }
  return 0;
}

function milliseconds(options: Options, option: 'lock-timeout' | 'statement-timeout', member: string) {
  const text = options[option];
  if (text === undefined) return {};
  if (!/^\d{1,6}$/.test(text)) throw new Refused(`--${option} takes milliseconds, such as 5000`);
  return { [member]: Number(text) };
}

const place = z.object({
  file: z.string(),
  line: z.int().nullable(),
  column: z.int().nullable(),
  sqlstate: z.string(),
  sql_detail: z.string().nullable(),
  hint: z.string().nullable(),
});

/** As compilers tell it: `file:line:column: what`. */
function failureLines({ problem }: ProblemAnswer): readonly string[] {
  const failed = place.safeParse(problem);
  if (!failed.success) return [`failed   ${problem.detail}`];
  const { file, line, column, sqlstate, sql_detail: detail, hint } = failed.data;
  const at = line === null ? file : `${file}:${line}:${column}`;
  return [
    `failed   ${at}: ${problem.detail} (SQLSTATE ${sqlstate})`,
    ...(detail === null ? [] : [`         ${detail}`]),
    ...(hint === null ? [] : [`         ${hint}`]),
  ];
}
