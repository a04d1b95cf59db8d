import pg from 'pg';
import { expect, test } from 'vitest';
import { pinoLog } from './pino-log.ts';

function memoryLog(level: 'debug' | 'info' = 'debug') {
  const lines: string[] = [];
  return { lines, log: pinoLog({ level, destination: { write: (line) => void lines.push(line) } }) };
}

test('a line is one JSON object with level, time, message and fields', () => {
  const { lines, log } = memoryLog('info');
  log.debug({}, 'not shown');
  log.info({ step: 'spawn-postgrest', position: 12n, at: new Date(0) }, 'two\nlines');
  expect(lines).toHaveLength(1);
  expect(lines[0]?.match(/\n/g)).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'info',
    msg: 'two\nlines',
    step: 'spawn-postgrest',
    position: '12',
    at: '1970-01-01T00:00:00.000Z',
  });
});

test('no secret gets through, by its name or by its looks', () => {
  const { lines, log } = memoryLog();
  const error = new Error('could not reach postgres://launchdb:s3cret-word@db/x', {
    cause: Object.assign(new pg.DatabaseError('duplicate', 1, 'error'), { detail: 'Key (x)=(s3cret-word)' }),
  });
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzM2NyZXQtd29yZCJ9.c3MzY3JldC13b3Jk';
  log.error({ error, nested: { list: [{ Password: 's3cret-word', api_key: 's3cret-word' }] } }, `got ${jwt}`);
  log.warn(
    { refresh_token: 's3cret-word', jwtSecret: 's3cret-word', verifier: 's3cret-word' },
    'Bearer s3cret-word',
  );
  log.info(
    { headers: { authorization: 's3cret-word', cookie: 's3cret-word' } },
    'SCRAM-SHA-256$4096:s3cret-word',
  );
  log.debug({ bytes: Buffer.from('s3cret-word'), url: 'http://u:s3cret-word@h/' }, 'x');
  const all = lines.join('');
  expect(all).not.toContain('s3cret-word');
  expect(all).not.toContain('eyJ');
  expect(all).toContain('duplicate');
  expect(lines).toHaveLength(4);
});

test('nobody is named by an address, and what only looks like one stays', () => {
  const { lines, log } = memoryLog();
  const people = ['ann@example.com', "o'neil+tag@ex.museum", 'zoë@пример.рф', 'Ann.Lee@mail.example.co.uk'];
  for (const one of people) {
    log.info(
      { path: `/x/${one}`, detail: `Key (email)=(${one}) already exists.` },
      `to <${one}>, mailto:${one}`,
    );
    log.error({ error: new Error(`550 ${one}: no such user`) }, one);
  }
  const all = lines.join('');
  // of a name with an apostrophe in it the rest
  for (const one of people) expect(all).not.toContain(one.split("'").at(-1));
  lines.length = 0;
  const kept = [
    'at x (file:///a/node_modules/@supabase/auth-js/dist/main.js:1:2)',
    '.pnpm/pg@8.23.1/x',
    'a @ b.c',
    'me@localhost',
  ];
  for (const text of kept) log.info({ text }, 'x');
  expect(lines.map((line) => (JSON.parse(line) as { text: string }).text)).toEqual(kept);
});

test('nothing is unbounded', () => {
  const { lines, log } = memoryLog();
  const circle: Record<string, unknown> = {
    text: 'x'.repeat(1e6),
    list: Array.from({ length: 1e4 }, () => 'item'),
  };
  circle['self'] = circle;
  log.info(circle, 'm'.repeat(1e6));
  expect(lines[0]!.length).toBeLessThan(100_000);
});
