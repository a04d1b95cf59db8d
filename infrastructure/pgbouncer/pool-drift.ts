/** What somebody else did to the files and to what PgBouncer serves, told project by project. */
import type { Pool, PoolDrift } from '../../application/ports/connection-pools.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import type { ServedEntry } from './admin-console.ts';
import { FILES, isServedAs, type Servers } from './pgbouncer-files.ts';

export type SeenDrift = Omit<PoolDrift, 'mended'>;

/** @param found our part of the file; undefined: it is not there, or not whole */
export function driftOfFile(name: string, written: string, found: string | undefined): SeenDrift[] {
  if (found === written) return [];
  const [ours, theirs] = [linesOf(written), linesOf(found ?? '')];
  const subjects = new Set(theirs.map(subjectOf));
  const [areOurs, areTheirs] = [new Set(ours), new Set(theirs)];
  const missing = ours.filter((line) => !areTheirs.has(line));
  const added = theirs.filter((line) => !areOurs.has(line));
  const drifts = new Map<string, SeenDrift>();
  for (const line of missing) {
    const subject = subjectOf(line);
    const project = projectOf(subject);
    const actual = subjects.has(subject) ? 'different' : 'absent';
    drifts.set(project ?? name, { project, what: project ? 'pool' : name, actual });
  }
  const known = new Set(ours.map(subjectOf));
  const foreign = added.some((line) => !known.has(subjectOf(line)));
  if (drifts.size === 0 || foreign) drifts.set(name, { project: undefined, what: name, actual: 'different' });
  return [...drifts.values()];
}

/** @param verified what was served as wanted when it was last looked at */
export function driftOfServed(
  served: readonly ServedEntry[],
  verified: ReadonlyMap<ProjectId, Pool>,
  servers: Servers,
): SeenDrift[] {
  const entries = new Map(served.map((entry) => [entry.project, entry]));
  const lost = [...verified].flatMap(([project, pool]) => {
    const entry = entries.get(project);
    const actual = entry === undefined ? 'absent' : standingOf(entry, pool, servers);
    return actual === undefined ? [] : [{ project, what: 'pool', actual }];
  });
  return [
    ...lost,
    ...served.flatMap(({ project }) =>
      verified.has(project) ? [] : [{ project, what: 'pool', actual: 'registered' }],
    ),
  ];
}

/** @param loaded as they were when the file was taken up; another release of the pooler may have others */
export function driftOfSettings(
  loaded: ReadonlyMap<string, string | null>,
  now: ReadonlyMap<string, string | null>,
): SeenDrift[] {
  const changed = [...now].some(([key, value]) => loaded.has(key) && loaded.get(key) !== value);
  return changed ? [{ project: undefined, what: FILES.main, actual: 'changed on the console' }] : [];
}

function standingOf(entry: ServedEntry, pool: Pool, servers: Servers): string | undefined {
  if (!isServedAs(entry.shown, pool, servers)) return 'different';
  return entry.disabled || entry.paused ? 'cut off' : undefined;
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

/** `name = ...`, `"name" "..."` and `host name ...`: what the line is about */
const subjectOf = (line: string): string => /^\s*(?:(?:local|host)\s+)?"?([^"=\s]+)/.exec(line)?.[1] ?? line;

function projectOf(subject: string): ProjectId | undefined {
  const name = /^proj_[0-9a-f]{16}/.exec(subject)?.[0];
  return name !== undefined && isProjectId(name) ? name : undefined;
}
