import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellText, csv, type Cell } from './csv.ts';

/** As RFC 4180 has it, and as a spreadsheet reads it. */
function parsed(sheet: string, separator = ','): string[][] {
  const rows: string[][] = [[]];
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${separator}\\r\\n]*))(${separator}|\\r\\n|$)`, 'gy');
  for (const [, quoted, plain = '', end] of sheet.matchAll(cell)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

async function* each<T>(items: readonly T[]) {
  yield* items;
}
async function sheetOf(columns: readonly string[], rows: readonly (readonly Cell[])[]): Promise<string> {
  const out = new PassThrough();
  const reply = csv(columns, each(rows));
  const [, sheet] = await Promise.all([
    reply.stream(out as unknown as ServerResponse, new AbortController().signal).then(() => out.end()),
    text(out),
  ]);
  return sheet;
}

test('a sheet says how it is written, names its columns, and keeps what is in its cells', async () => {
  const cells = ['a,b', 'say "x"', 'two\r\nlines', '', 'ñ 🦆'];
  const sheet = await sheetOf(['one', 'two', 'three', 'four', 'five'], [cells, [1, null, 'x', 0, '-']]);
  // decoding takes the mark off
  expect(Buffer.from(sheet)[0]).not.toBe(0xef);
  expect(parsed(sheet.replace('\uFEFF', ''))).toEqual([
    ['one', 'two', 'three', 'four', 'five'],
    cells,
    ['1', '', 'x', '0', "'-"],
  ]);
});

test.each([
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '  =1',
  '\t=1',
  '\r=1',
  '"=1',
  "'=1",
  '\u00a0=1',
  '＝1',
  '＠x',
  'a;=1',
  'a\n=1',
  'a\t+1',
])('%j is no formula, whatever separates the cells', (given) => {
  for (const separator of [',', ';', '\t'])
    for (const row of parsed(`${cellText(given)}\r\n`.replaceAll('"', ''), separator))
      for (const cell of row) expect(cell).not.toMatch(/^[\s"]*[=+\-@＝＋－＠]/);
});

test('of whatever text no cell is a formula, and nothing of it is lost', () => {
  const hostile = fc.string({
    unit: fc.constantFrom('=', '+', '-', '@', ';', '\t', '\n', '"', ' ', ',', 'a', '1'),
  });
  fc.assert(
    fc.property(hostile, (given) => {
      const [[cell = ''] = []] = parsed(`${cellText(given)}\r\n`);
      expect(cell).not.toMatch(/(^|[;\t\r\n])[ "]*[=+\-@]/);
      expect(cell.replaceAll("'", '')).toBe(given);
    }),
  );
});

test('a long hostile text takes no long time', () => {
  const started = performance.now();
  cellText(`${' "'.repeat(500_000)}x`);
  cellText(';\t\n'.repeat(300_000));
  expect(performance.now() - started).toBeLessThan(5_000);
});
