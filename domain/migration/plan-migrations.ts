/** Which files are to be run, by what a project's database has already. */
import { Rejection } from '../rejection.ts';
import type { MigrationFile } from './migration-file.ts';

export type MigrationKey = Pick<MigrationFile, 'version' | 'name' | 'checksum'>;

const MAX_APPLIED = 2_000;

const isSame = (one: MigrationKey, other: MigrationKey): boolean =>
  one.name === other.name && one.checksum === other.checksum;

/**
 * @returns those that are missing, in order
 * @throws {Rejection} a file differs from what was applied, comes before it, or there are too many
 */
export function planMigrations<File extends MigrationKey>(
  files: readonly File[],
  applied: readonly MigrationKey[],
): readonly File[] {
  const known = new Map(applied.map((one) => [one.version, one]));
  const sorted = [...files].sort((a, b) => a.version - b.version);
  const changed = sorted.find((file) => {
    const there = known.get(file.version);
    return there && !isSame(file, there);
  });
  if (changed) throw changedFile(changed, known.get(changed.version)?.name ?? '');
  const pending = sorted.filter(({ version }) => !known.has(version));
  const last = applied.reduce((highest, { version }) => Math.max(highest, version), 0);
  const late = pending.find(({ version }) => version < last);
  if (late) {
    throw new Rejection(
      'migration/out-of-order',
      `${late.name} comes before ${known.get(last)?.name}, which is applied; give it a higher number.`,
    );
  }
  if (applied.length + pending.length > MAX_APPLIED)
    throw new Rejection('migration/too-many', `A project has at most ${MAX_APPLIED} migrations.`);
  return pending;
}

function changedFile({ name }: MigrationKey, appliedAs: string): Rejection {
  const what =
    name === appliedAs
      ? `${name} was changed after it was applied`
      : `${name} has the number of ${appliedAs}, which is applied`;
  return new Rejection('migration/changed', `${what}; put it back and add a new file instead.`);
}

export type FolderState = 'applied' | 'pending' | 'changed' | 'missing';

/** How a folder and a project differ, by number. `missing`: the project has it and the folder does not. */
export function compareFolder<File extends MigrationKey, Row extends MigrationKey>(
  files: readonly File[],
  applied: readonly Row[],
): readonly {
  readonly name: string;
  readonly state: FolderState;
  readonly file?: File;
  readonly row?: Row;
}[] {
  const there = new Map(applied.map((one) => [one.version, one]));
  const here = new Map(files.map((one) => [one.version, one]));
  const gone = applied.filter(({ version }) => !here.has(version));
  return [...files, ...gone]
    .sort((a, b) => a.version - b.version)
    .map(({ version, name }) => {
      const [file, row] = [here.get(version), there.get(version)];
      return { name, state: stateOf(file, row), ...(file && { file }), ...(row && { row }) };
    });
}

function stateOf(file: MigrationKey | undefined, row: MigrationKey | undefined): FolderState {
  if (!file) return 'missing';
  if (!row) return 'pending';
  return isSame(file, row) ? 'applied' : 'changed';
}
