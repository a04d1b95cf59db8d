import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { holesOf, KNOWN_HOLES, rowOf, warningsOf } from './known-holes.ts';

const cves = (part: Parameters<typeof holesOf>[0], version: string) =>
  holesOf(part, version).flatMap((hole) => hole.cves);

test.each([
  ['15.18', true],
  ['15.18 (Debian 15.18-0+deb12u1)', true],
  ['15.19', true],
  ['15.20', false],
  ['15.20 (Debian 15.20-0+deb12u1)', false],
  ['15.21', false],
  ['16.14', true],
  ['16.15', false],
  ['17.2', true],
  ['17.10', true],
  ['18.4', true],
  ['18.10', false],
  ['19.0', false],
])('PostgreSQL %s: known holes %s', (version, has) => {
  expect(cves('PostgreSQL', version)).toEqual(has ? ['CVE-2026-120141', 'CVE-2026-15742'] : []);
});

test.each([
  ['1.16.1', ['CVE-2026-6664', 'CVE-2026-19888']],
  ['1.18.0', ['CVE-2026-107350', 'CVE-2026-6664', 'CVE-2026-19888']],
  ['1.25.2', ['CVE-2026-107350', 'CVE-2026-19888', 'CVE-2026-107349']],
  ['1.26.1', []],
])('PgBouncer %s: %s', (version, known) => {
  expect(cves('PgBouncer', version)).toEqual(known);
});

test('Node.js and Caddy by the release that has the fixes', () => {
  expect(holesOf('Node.js', '24.21.0')).toHaveLength(1);
  expect(holesOf('Node.js', '24.22.1')).toEqual([]);
  expect(holesOf('Caddy', '2.11.4')).toHaveLength(1);
  expect(holesOf('Caddy', '2.11.7')).toEqual([]);
});

test('one warning for each thing to do, which names what it closes', () => {
  expect(warningsOf('PostgreSQL', '15.20')).toEqual([]);
  expect(warningsOf('PostgreSQL', '15.18')).toEqual([
    expect.stringMatching(
      /^PostgreSQL 15\.18 has known holes \(CVE-2026-120141, CVE-2026-15742\): install .*postgresql-15/,
    ),
  ]);
  expect(warningsOf('PgBouncer', '1.18.0')).toEqual([expect.stringContaining('CVE-2026-107350')]);
});

test('every hole says which versions have it and what to do', () => {
  for (const hole of KNOWN_HOLES) {
    expect(
      hole.affected.every(({ before, through }) => (before === undefined) !== (through === undefined)),
    ).toBe(true);
    expect(hole.advice).not.toBe('');
  }
});

test('the page for people says the same', () => {
  const cells = (row: string) => row.split('|').map((cell) => cell.trim().replaceAll('\\', ''));
  const page = readFileSync(new URL('../../docs/known-holes.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('|'));
  expect(rows.slice(2).map(cells)).toEqual(KNOWN_HOLES.map((hole) => cells(rowOf(hole))));
});
