/** What `npm run bench` was asked for. */
import { parseArgs } from 'node:util';

export interface Asked {
  /** in the order of the table; all, when none was named */
  readonly sections: readonly string[];
  readonly quick: boolean;
  readonly json: boolean;
  readonly profile: boolean;
  readonly help: boolean;
  /** a commit, as git knows it */
  readonly against: string | undefined;
  /** of the file in `bench/results`; `local` is nobody else's */
  readonly name: string;
  /** a part of groups' names */
  readonly only: string | undefined;
  readonly rounds: number | undefined;
  /** how many times all sections are gone through, each time with a part of their rounds */
  readonly passes: number;
  /** of the soak */
  readonly minutes: number;
}

const OPTIONS = {
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  against: { type: 'string' },
  name: { type: 'string', default: 'local' },
  rounds: { type: 'string' },
  passes: { type: 'string', default: '1' },
  only: { type: 'string' },
  minutes: { type: 'string', default: '10' },
} as const;

export const USAGE = `Usage: npm run bench [-- section ...] [options]

  --quick            the main ratio of every section, in few short rounds: a minute
  --json             one object a figure, one a line
  --profile          CPU profiles of the platform's process, and where its time goes
  --against COMMIT   the same code of another commit, interleaved with this one
  --name NAME        keep the figures in bench/results/NAME.jsonl (default: local, which git ignores)
  --only TEXT        the groups of sections whose name has this text
  --rounds N         so many rounds of each group
  --passes N         all sections N times over, each time with a part of their rounds (default: 1)
  --minutes N        how long the soak lasts (default: 10)
`;

/**
 * @param notYet sections that there are not yet, and why
 * @throws {TypeError} an option or a section that there is not
 */
export function parseArguments(
  argv: readonly string[],
  known: readonly string[],
  notYet: Readonly<Record<string, string>> = {},
): Asked {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  for (const name of positionals)
    if (Object.hasOwn(notYet, name)) throw new TypeError(`no section ${name}: ${notYet[name]}`);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new TypeError(`no section ${unknown.join(', ')}: there are ${known.join(', ')}`);
  if (!/^[a-z0-9][a-z0-9.-]{0,60}$/.test(values.name))
    throw new TypeError('--name: small letters, digits, "-" and "."');
  // git would read it as an option
  if (values.against?.startsWith('-')) throw new TypeError('--against: a commit');
  if (values.against !== undefined && values.profile)
    throw new TypeError('--profile and --against exclude each other');
  const passes = countOf('--passes', values.passes, 10);
  if (passes > 1 && values.quick) throw new TypeError('--quick is one pass: leave out --passes');
  return {
    sections: known.filter((name) => positionals.length === 0 || positionals.includes(name)),
    quick: values.quick,
    json: values.json,
    profile: values.profile,
    help: values.help,
    against: values.against,
    name: values.name,
    only: values.only,
    rounds: values.rounds === undefined ? undefined : countOf('--rounds', values.rounds, 1_000),
    passes,
    minutes: countOf('--minutes', values.minutes, 1_440),
  };
}

function countOf(option: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new TypeError(`${option}: a whole number from 1 to ${most}`);
  return value;
}
