import { expect, test } from 'vitest';
import { byDay, dayText, withNews } from './days.ts';

const at = (position: number, ...when: [number, number, number, number?]) => ({
  position: String(position),
  recorded_at: new Date(...when).toISOString(),
});
const words = { today: 'Today', yesterday: 'Yesterday' };

test('a heading stands before the first entry of each day', () => {
  const entries = [at(4, 2026, 4, 12, 23), at(3, 2026, 4, 12, 0), at(2, 2026, 4, 11, 23), at(1, 2025, 4, 11)];
  const rows = byDay(entries);
  expect(rows.map((row) => (row.kind === 'day' ? row.day.getDate() : row.entry.position))).toEqual([
    12,
    '4',
    '3',
    11,
    '2',
    11,
    '1',
  ]);
  expect(byDay([])).toEqual([]);
});

test('a clock that was set back gives no key twice', () => {
  const rows = byDay([at(3, 2026, 4, 12), at(2, 2026, 4, 11), at(1, 2026, 4, 12)]);
  expect(new Set(rows.map(({ key }) => key)).size).toBe(6);
});

test.each([
  [new Date(2026, 0, 1), 'Today'],
  [new Date(2025, 11, 31), 'Yesterday'],
  [new Date(2026, 4, 12), 'Tuesday, May 12'],
  [new Date(2025, 4, 12), 'May 12, 2025'],
])('%s is told as %s', (day, text) => {
  expect(dayText(day, new Date(2026, 0, 1, 13), words)).toBe(text);
});

test('news come first, and none twice', () => {
  const [old, known, fresh] = [{ position: '1' }, { position: '2' }, { position: '3' }];
  expect(withNews([known, old], [fresh, known])).toEqual([fresh, known, old]);
  expect(withNews([], [fresh])).toEqual([fresh]);
});
