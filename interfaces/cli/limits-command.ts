/** `limits`: what a project may use. */
import { Refused } from '../../application/errors.ts';
import { handle } from '../../application/handle.ts';
import { loadKeptProject } from '../../application/project/load-project.ts';
import type { ProjectLimits } from '../../domain/project/events.ts';
import { DEFAULT_CONNECTIONS, DEFAULT_STATEMENT_TIMEOUT_S } from '../../domain/project/limits.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream } from '../../domain/project/project-id.ts';
import type { StorageLimits } from '../../domain/storage/storage-settings.ts';
import { byOperator, type Command } from './command.ts';
import { projectIdOf } from './project-commands.ts';

/** Each: which limit, its units (the first is meant where none is given), and its bounds in the smallest of them. */
const OPTIONS = {
  'database-size': {
    limit: 'databaseSizeMb',
    units: { mb: 1, gb: 1024, tb: 1024 ** 2 },
    bounds: [1, 1024 ** 3],
    none: true,
  },
  connections: { limit: 'connections', units: {}, bounds: [1, 1_000], none: false },
  'statement-timeout': {
    limit: 'statementTimeoutS',
    units: { s: 1, min: 60, h: 3600 },
    bounds: [1, 7_200],
    none: false,
  },
  'storage-size': {
    limit: 'storageSizeMb',
    units: { mb: 1, gb: 1024, tb: 1024 ** 2 },
    bounds: [1, 1024 ** 3],
    none: true,
  },
  files: { limit: 'files', units: {}, bounds: [1, 1_000_000_000], none: true },
} as const satisfies Record<
  string,
  {
    limit: keyof ProjectLimits;
    units: Record<string, number>;
    bounds: readonly [number, number];
    /** "none" is possible, and 0 in the log */
    none: boolean;
  }
>;

export const limitsCommand: Command = {
  name: 'limits',
  usage:
    '<project> [--database-size 500MB] [--connections 30] [--statement-timeout 120s] [--storage-size 10GB] [--files 1000]',
  summary:
    'Show or set what a project may use: "default" is what the platform gives everybody, "none" a size or a number without limit.',
  flags: [],
  options: Object.keys(OPTIONS),
  arguments: [1, 1],
  async run({ store, ids, projectDatabaseSizeMb, storageLimits }, { args: [given = ''], options, say }) {
    const id = projectIdOf(given);
    const limits: Partial<ProjectLimits> = Object.fromEntries(
      [...options].map(([name, text]) => [OPTIONS[name as keyof typeof OPTIONS].limit, valueOf(name, text)]),
    );
    const metadata = byOperator({ ids }, 'launchdb limits');
    await loadKeptProject(store, id);
    if (options.size > 0)
      await handle(
        { store, ids },
        projectDecider,
        projectStream(id),
        { kind: 'ChangeLimits', limits },
        metadata,
      );
    const project = await loadKeptProject(store, id);
    tell(project.limits, projectDatabaseSizeMb, storageLimits, say);
    if (project.fill) {
      const { level, bytes, limitBytes, since } = project.fill;
      const [size, limit] = [bytes, limitBytes].map((one) => `${Math.round(one / 2 ** 20)} MB`);
      say(`The database is ${level} since ${since.toISOString()}: ${size} of ${limit} then.`);
    }
    if (options.size > 0 && project.run) say('The change is being put in force.');
    return 0;
  },
};

function tell(
  limits: ProjectLimits,
  platformMb: number,
  storage: StorageLimits,
  say: (line: string) => void,
): void {
  const line = (name: string, own: number | null | undefined, platforms: number, unit: string) => {
    const value = own ?? platforms;
    const text = value === 0 ? 'none' : `${value}${unit}`;
    say(
      `${name.padEnd(18)} ${text.padEnd(12)} ${own === null || own === undefined ? "the platform's" : 'its own'}`,
    );
  };
  line('database size', limits.databaseSizeMb, platformMb, ' MB');
  line('connections', limits.connections, DEFAULT_CONNECTIONS, '');
  line('statement timeout', limits.statementTimeoutS, DEFAULT_STATEMENT_TIMEOUT_S, ' s');
  line('storage size', limits.storageSizeMb, (storage.totalBytes ?? 0) / 2 ** 20, ' MB');
  line('files', limits.files, storage.files ?? 0, '');
}

/** @throws {Refused} */
function valueOf(name: string, text: string): number | null {
  const option = OPTIONS[name as keyof typeof OPTIONS];
  const units: Readonly<Record<string, number>> = option.units;
  const [least, most] = option.bounds;
  if (text === 'default') return null;
  if (text === 'none' && option.none) return 0;
  const [, digits, unit = ''] = /^(\d{1,10}) *([a-z]*)$/.exec(text.toLowerCase()) ?? [];
  const value = Number(digits) * (unit === '' ? 1 : (units[unit] ?? Number.NaN));
  if (value >= least && value <= most) return value;
  const [smallest = ''] = Object.keys(units);
  throw new Refused(
    `--${name} ${text} is not possible: a whole number from ${least} to ${most}` +
      (smallest ? `, in ${Object.keys(units).join(', ')} (without a unit: ${smallest})` : '') +
      `; or default${option.none ? '; or none' : ''}`,
  );
}
