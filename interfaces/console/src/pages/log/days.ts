/** A list of entries, newest first, with a heading before the first one of each day. */

export type LogRow<Entry> =
  | { readonly kind: 'day'; readonly key: string; readonly day: Date }
  | { readonly kind: 'entry'; readonly key: string; readonly entry: Entry };

/** By the days of where one is, not of where the platform is. */
export function byDay<Entry extends { readonly recorded_at: string; readonly position: string }>(
  entries: readonly Entry[],
): readonly LogRow<Entry>[] {
  const rows: LogRow<Entry>[] = [];
  let before = '';
  for (const entry of entries) {
    const at = new Date(entry.recorded_at);
    const day = new Date(at.getFullYear(), at.getMonth(), at.getDate());
    const key = String(day.getTime());
    // a clock that was set back must not give two headings one key
    if (key !== before) rows.push({ kind: 'day', key: `${key} ${entry.position}`, day });
    rows.push({ kind: 'entry', key: entry.position, entry });
    before = key;
  }
  return rows;
}

const dayName = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' });
const dayOfYear = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', year: 'numeric' });

/** `Today`, `Yesterday`, `Tuesday, May 12`; with its year where that is another one */
export function dayText(
  day: Date,
  now: Date,
  words: { readonly today: string; readonly yesterday: string },
): string {
  const isBefore = (days: number) =>
    day.getTime() === new Date(now.getFullYear(), now.getMonth(), now.getDate() - days).getTime();
  if (isBefore(0)) return words.today;
  if (isBefore(1)) return words.yesterday;
  return (day.getFullYear() === now.getFullYear() ? dayName : dayOfYear).format(day);
}

/** Those that came since, before those that are there; none twice. */
export function withNews<Entry extends { readonly position: string }>(
  entries: readonly Entry[],
  news: readonly Entry[],
): readonly Entry[] {
  const known = new Set(entries.map(({ position }) => position));
  return [...news.filter(({ position }) => !known.has(position)), ...entries];
}
