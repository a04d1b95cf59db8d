/** Which projects of a list are shown, and in which order. */
import type { Project } from '../../api/api.ts';
import type { Sorting } from '../../components/data-table.tsx';
import { projects as texts } from '../../texts/en/projects.ts';

export type Filter = 'every' | 'served' | 'resting' | 'troubled' | 'gone';

export const FILTERS: readonly { readonly value: Filter; readonly label: string }[] = [
  { value: 'every', label: texts.every },
  { value: 'served', label: texts.served },
  { value: 'resting', label: texts.resting },
  { value: 'troubled', label: texts.troubled },
  { value: 'gone', label: texts.gone },
];

const STATUSES: Readonly<Record<Exclude<Filter, 'every'>, readonly Project['status'][]>> = {
  served: ['active', 'sleeping', 'waking', 'provisioning', 'resuming'],
  resting: ['paused', 'pausing', 'sleeping'],
  troubled: ['failed', 'suspended'],
  gone: ['deleting', 'deleted', 'purging'],
};

type Key = (project: Project) => string | number;
const KEYS: Readonly<Record<string, Key>> = {
  name: ({ display_name: name }) => name.toLowerCase(),
  status: ({ status }) => status,
  size: ({ usage }) => usage.database_size_bytes ?? -1,
  used: ({ last_used_at: at }) => at ?? '',
  created: ({ created_at: at }) => at,
};

export function shownProjects(
  projects: readonly Project[],
  {
    search,
    filter,
    sorting,
  }: { readonly search: string; readonly filter: Filter; readonly sorting: Sorting },
): readonly Project[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = projects.filter(({ id, name, display_name: title, status }) => {
    // nothing is left of one that is purged but its log
    if (status === 'purged' || (filter !== 'every' && !STATUSES[filter].includes(status))) return false;
    const text = `${id} ${name} ${title}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const key = KEYS[sorting.by] ?? (() => 0);
  const sign = sorting.descending ? -1 : 1;
  return shown.toSorted((a, b) => sign * compare(key(a), key(b)));
}

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
