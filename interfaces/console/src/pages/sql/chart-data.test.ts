import { expect, test } from 'vitest';
import { chartData } from './chart-data.ts';

const column = (name: string, type: string) => ({ name, type });

test('times go across, in their order', () => {
  const data = chartData(
    [column('n', 'int8'), column('day', 'timestamptz')],
    [
      ['2', '1970-01-02 00:00:00+00'],
      ['1', '1970-01-01 01:00:00+01'],
      ['3', null],
    ],
  );
  expect(data).toEqual({
    across: 1,
    kind: 'time',
    x: [0, 86_400],
    names: [],
    lines: [{ name: 'n', y: [1, 2] }],
  });
});

test('names go across as they come; of numbers alone the first does', () => {
  const named = chartData(
    [column('status', 'text'), column('n', 'numeric')],
    [
      ['new', '1.5'],
      [null, null],
    ],
  );
  expect(named).toMatchObject({
    kind: 'names',
    x: [0, 1],
    names: ['new', 'NULL'],
    lines: [{ y: [1.5, null] }],
  });
  const numbers = chartData(
    [column('x', 'int4'), column('y', 'float8')],
    [
      ['2', '4'],
      ['1', 'NaN'],
    ],
  );
  expect(numbers).toMatchObject({ kind: 'number', x: [1, 2], lines: [{ name: 'y', y: [null, 4] }] });
});

test('a date and a time without a zone are read as they stand', () => {
  const x = (type: string, text: string) =>
    chartData([column('a', type), column('n', 'int4')], [[text, '1']])?.x;
  expect(x('date', '1970-01-02')).toEqual([86_400]);
  expect(x('timestamp', '1970-01-01 00:01:00.5')).toEqual([60.5]);
  expect(x('time', '00:02:00')).toEqual([120]);
  expect(x('timestamptz', 'infinity')).toBeUndefined();
});

test('without numbers, or without rows, there is no chart', () => {
  expect(chartData([column('a', 'text'), column('b', 'text')], [['1', '2']])).toBeNull();
  expect(chartData([column('a', 'int4')], [['1']])).toBeNull();
  expect(chartData([column('a', 'text'), column('b', 'int4')], [])).toBeNull();
});
