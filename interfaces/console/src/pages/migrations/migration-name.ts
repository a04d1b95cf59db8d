/** Names of migrations: `0001_what_it_does.sql`. */

const NAME = /^(\d{4})_[a-z0-9_]{1,91}\.sql$/;
const MOST = 9_999;

/** @returns undefined: it is not named like a migration */
export function versionOf(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined || digits === '0000' ? undefined : Number(digits);
}

/** @param applied the versions that there are @returns undefined: there is none left */
export function nextVersion(applied: readonly number[]): number | undefined {
  const next = Math.max(0, ...applied) + 1;
  return next <= MOST ? next : undefined;
}

/** @param what in anybody's words; '' where nothing of it can be in a name */
export function migrationName(version: number, what: string): string {
  const words = what
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/\.sql$/, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 91);
  return words === '' ? '' : `${String(version).padStart(4, '0')}_${words}.sql`;
}
