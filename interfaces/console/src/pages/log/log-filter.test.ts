import { expect, test } from 'vitest';
import {
  EVERYTHING,
  filterOf,
  isFiltered,
  mayGrow,
  queryOf,
  searchOf,
  type LogFilter,
} from './log-filter.ts';

const noon = new Date(2026, 4, 12, 12);
const day = (date: number, month = 4) => new Date(2026, month, date).toISOString();

test.each<Partial<LogFilter>>([
  {},
  { type: 'ApiKeysRevealed' },
  { actor: 'own_1', span: 'yesterday' },
  { correlation: 'a/b&c=d' },
  { since: '2026-05-01T00:00:00.000Z' },
  { since: '2026-05-01T00:00:00.000Z', until: '2026-05-02T00:00:00.000Z', type: 'SqlExecuted' },
])('%o comes back from the address', (some) => {
  const filter = { ...EVERYTHING, ...some };
  expect(filterOf(searchOf(filter))).toEqual(filter);
  expect(isFiltered(filter)).toBe(Object.keys(some).length > 0);
});

test('what is as usual is not in the address, and an open entry is', () => {
  expect(searchOf(EVERYTHING)).toBe('');
  expect(searchOf({ ...EVERYTHING, actor: 'owner' }, '17')).toBe('actor=owner&entry=17');
});

test('what cannot be read is left out, and bounds go before a span', () => {
  expect(filterOf('when=never&since=yesterday&until=%00')).toEqual(EVERYTHING);
  expect(filterOf('when=today&since=2026-05-01')).toEqual({
    ...EVERYTHING,
    since: '2026-05-01T00:00:00.000Z',
  });
  expect(filterOf(`type=${'x'.repeat(1000)}`).type).toHaveLength(200);
});

test('a span is of whole days where one is', () => {
  const asked = (span: LogFilter['span']) => queryOf({ ...EVERYTHING, span }, noon);
  expect(asked('any')).toEqual({});
  expect(asked('today')).toEqual({ since: day(12) });
  expect(asked('yesterday')).toEqual({ since: day(11), until: day(12) });
  expect(asked('week')).toEqual({ since: day(6) });
  const first = new Date(2026, 5, 1, 0, 0, 1);
  expect(queryOf({ ...EVERYTHING, span: 'yesterday' }, first)).toEqual({ since: day(31), until: day(1, 5) });
});

test('names are those of the platform API', () => {
  expect(queryOf({ ...EVERYTHING, type: 'T', actor: 'a', correlation: 'c' }, noon)).toEqual({
    type: 'T',
    actor: 'a',
    correlation_id: 'c',
  });
});

test('nothing comes to what is over', () => {
  expect(mayGrow(EVERYTHING, noon)).toBe(true);
  expect(mayGrow({ ...EVERYTHING, span: 'today' }, noon)).toBe(true);
  expect(mayGrow({ ...EVERYTHING, span: 'yesterday' }, noon)).toBe(false);
  expect(mayGrow({ ...EVERYTHING, until: day(12) }, noon)).toBe(false);
  expect(mayGrow({ ...EVERYTHING, until: day(13) }, noon)).toBe(true);
});
