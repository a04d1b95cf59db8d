import { expect, test } from 'vitest';
import { bestOf, fit } from './fuzzy.ts';

const PAGES = [
  'Overview',
  'Tables',
  'SQL',
  'Policies',
  'Users',
  'Files',
  'Migrations',
  'Settings',
  'Log',
  'Time',
];
const first = (wanted: string, all = PAGES) => bestOf(wanted, all, String)[0];

test.each([
  ['log', 'Log'],
  ['LOG', 'Log'],
  ['set', 'Settings'],
  ['t', 'Tables'],
  ['ti', 'Time'],
  ['ta', 'Tables'],
  ['mig', 'Migrations'],
  ['sql', 'SQL'],
])('%s finds %s first', (wanted, found) => {
  expect(first(wanted)).toBe(found);
});

test('letters that begin words go before letters within them', () => {
  expect(first('np', ['Snap', 'New project'])).toBe('New project');
  expect(first('so', ['Absolute', 'Sign out'])).toBe('Sign out');
  expect(first('shop log', ['Shoplifting blog', 'Shop Log'])).toBe('Shop Log');
});

test('every letter has to be there, in its order', () => {
  expect(fit('gol', 'Log')).toBeUndefined();
  expect(fit('logs', 'Log')).toBeUndefined();
  expect(bestOf('xyz', PAGES, String)).toEqual([]);
});

test('nothing wanted is everything, as it was', () => {
  expect(bestOf('', PAGES, String)).toEqual(PAGES);
  expect(bestOf('  ', PAGES, String)).toEqual(PAGES);
});

test('letters of any script, and none that are special', () => {
  expect(fit('ñí', 'Ñandú ízaro')).toBeGreaterThan(0);
  expect(fit('.*', 'Log')).toBeUndefined();
});
