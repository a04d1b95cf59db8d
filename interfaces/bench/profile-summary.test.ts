import { expect, test } from 'vitest';
import { summaryOf, summaryText } from './profile-summary.ts';

const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });
const profile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 4, 6, 7, 8] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('(garbage collector)') },
    { id: 4, callFrame: frame('turn', 'file:///repo/application/turn.ts', 9), children: [5] },
    { id: 5, callFrame: frame('update', 'node:internal/crypto/hash', 1), children: [9] },
    { id: 6, callFrame: frame('parse', 'file:///repo/node_modules/pg-protocol/dist/parser.js', 2) },
    { id: 7, callFrame: frame('pgrok', 'file:///repo/node_modules/pgrok/a.js', 2) },
    { id: 8, callFrame: frame('', 'node:net', 4) },
    // built in, without a file: it belongs to who called it
    { id: 9, callFrame: frame('hash') },
  ],
  samples: [2, 4, 4, 5, 9, 6, 7, 8, 3, 2],
  timeDeltas: [0, 50_000, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000],
};

test('time is given to the part whose code ran, or who called what is built in', () => {
  const { ms, parts } = summaryOf(profile, '/repo/');
  expect(ms).toBe(86);
  expect(Object.fromEntries(parts.map((part) => [part.name, part.ms]))).toEqual({
    idle: 50,
    'our code': 3,
    crypto: 7,
    'PostgreSQL driver': 5,
    'other packages': 6,
    'Node.js itself': 7,
    'garbage collection': 8,
  });
});

test('functions are named by their place in the repository, and idling is none', () => {
  const { functions } = summaryOf(profile, '/repo/');
  expect(functions[0]).toEqual({ name: '(garbage collector)', ms: 8 });
  expect(functions.map(({ name }) => name)).toContain('turn application/turn.ts:10');
  expect(functions.map(({ name }) => name)).toContain('(anonymous) node:net:5');
  expect(functions.some(({ name }) => name === '(idle)')).toBe(false);
});

test('the text has shares of what is not idle', () => {
  const text = summaryText('platform', summaryOf(profile, '/repo/'), 1);
  expect(text.split('\n')[0]).toBe('  profile of platform: busy for 0.0 s of 0.1 s');
  expect(text).toContain('\n     22.2 %  garbage collection\n');
  expect(text).not.toContain('idle');
  expect(text.split('\n')).toHaveLength(1 + 6 + 1 + 1);
});
