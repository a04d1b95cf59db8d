/** `limits`: what a project may use. */
import { Refused } from '../../application/errors.ts';
import {
  changeLimits,
  limitsOfProject,
  type ProjectMayUse,
} from '../../application/operator/project-limits.ts';
import type { ProjectLimits } from '../../domain/project/events.ts';
import { LIMIT_BOUNDS } from '../../domain/project/limits.ts';
import { byOperator, type Command } from './command.ts';
import { projectIdOf } from './project-commands.ts';

/** Each: which limit, and its units; the first is meant where none is given. */
const OPTIONS: Readonly<
  Record<string, { limit: keyof ProjectLimits; units: Readonly<Record<string, number>> }>
> = {
  'database-size': { limit: 'databaseSizeMb', units: { mb: 1, gb: 1024, tb: 1024 ** 2 } },
  connections: { limit: 'connections', units: {} },
  'statement-timeout': { limit: 'statementTimeoutS', units: { s: 1, min: 60, h: 3600 } },
  'storage-size': { limit: 'storageSizeMb', units: { mb: 1, gb: 1024, tb: 1024 ** 2 } },
  files: { limit: 'files', units: {} },
};

export const limitsCommand: Command = {
  name: 'limits',
  usage:
    '<project> [--database-size 500MB] [--connections 30] [--statement-timeout 120s] [--storage-size 10GB] [--files 1000]',
  summary:
    'Show or set what a project may use: "default" is what the platform gives everybody, "none" a size or a number without limit.',
  flags: [],
  options: Object.keys(OPTIONS),
  arguments: [1, 1],
  async run(operator, { args: [given = ''], options, say }) {
    const id = projectIdOf(given);
    const limits: Partial<ProjectLimits> = Object.fromEntries(
      [...options].map(([name, text]) => limitOf(name, text)),
    );
    const may =
      options.size > 0
        ? await changeLimits(operator, id, limits, byOperator(operator, 'launchdb limits'))
        : await limitsOfProject(operator, id);
    tell(may, say);
    if (may.fill) {
      const { level, bytes, limitBytes, since } = may.fill;
      const [size, limit] = [bytes, limitBytes].map((one) => `${Math.round(one / 2 ** 20)} MB`);
      say(`The database is ${level} since ${since.toISOString()}: ${size} of ${limit} then.`);
    }
    if (options.size > 0 && may.underWay) say('The change is being put in force.');
    return 0;
  },
};

const LINES = [
  ['database size', 'databaseSizeMb', ' MB'],
  ['connections', 'connections', ''],
  ['statement timeout', 'statementTimeoutS', ' s'],
  ['storage size', 'storageSizeMb', ' MB'],
  ['files', 'files', ''],
] as const;

function tell({ own, platform }: ProjectMayUse, say: (line: string) => void): void {
  for (const [name, limit, unit] of LINES) {
    const value = own[limit] ?? platform[limit];
    const text = value === 0 ? 'none' : `${value}${unit}`;
    say(`${name.padEnd(18)} ${text.padEnd(12)} ${own[limit] === null ? "the platform's" : 'its own'}`);
  }
}

/** @throws {Refused} */
function limitOf(name: string, text: string): readonly [keyof ProjectLimits, number | null] {
  const option = OPTIONS[name];
  if (!option) throw new Error(`no option ${name}`);
  const { limit, units } = option;
  const { least, most, none } = LIMIT_BOUNDS[limit];
  if (text === 'default') return [limit, null];
  if (text === 'none' && none) return [limit, 0];
  const [, digits, unit = ''] = /^(\d{1,10}) *([a-z]*)$/.exec(text.toLowerCase()) ?? [];
  const value = Number(digits) * (unit === '' ? 1 : (units[unit] ?? Number.NaN));
  if (value >= least && value <= most) return [limit, value];
  const [smallest = ''] = Object.keys(units);
  throw new Refused(
    `--${name} ${text} is not possible: a whole number from ${least} to ${most}` +
      (smallest ? `, in ${Object.keys(units).join(', ')} (without a unit: ${smallest})` : '') +
      `; or default${none ? '; or none' : ''}`,
  );
}
