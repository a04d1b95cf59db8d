/** How many appends a second: ours, a popular TypeScript event store, and the server's own limit. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';
import type { NewEvent } from '../../application/ports/event-store.ts';
import { testFolder } from '../../infrastructure/testing/folder.ts';
import { benchServer, PASSWORD, type BenchServer } from './bench-server.ts';
import { median, type Figure, type Section } from './figures.ts';

const run = promisify(execFile);
const CALLERS = [1, 16, 64] as const;
const WANTED = { 1: 1, 16: 2.5, 64: 4 } as const;
const ROUNDS = 3;
const SECONDS = 3;
const PAYLOAD = { displayName: 'x'.repeat(100) };

const newEvent = (): NewEvent => ({
  id: randomUUID(),
  type: 'ProjectRenamed',
  data: PAYLOAD,
  metadata: {
    correlationId: 'bench',
    causationId: null,
    actor: { kind: 'system', id: 'bench' },
    reason: 'bench',
  },
});

/** Each caller appends one event after another to a stream of its own. @returns appends a second */
async function rate(
  callers: number,
  append: (caller: number, nth: number) => Promise<unknown>,
): Promise<number> {
  let done = 0;
  const until = performance.now() + SECONDS * 1000;
  const caller = async (which: number) => {
    for (let nth = 0; performance.now() < until; nth++) {
      await append(which, nth);
      done++;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, which) => caller(which)));
  return done / SECONDS;
}

export const appendFigures: Section = {
  name: 'append',
  summary:
    'one event an append, each caller in a stream of its own; beside emmett-postgresql and plain one-row INSERTs',
  async run() {
    const server = await benchServer();
    try {
      const idle = await compared(server, 'alone on the server');
      // in another database: what a tenant may forget
      const open = new pg.Client(server.superuser('postgres'));
      await open.connect();
      await open.query('BEGIN; CREATE TABLE forgotten (x int); INSERT INTO forgotten VALUES (1)');
      const beside = await compared(server, 'a transaction left open in another database');
      await open.query('ROLLBACK');
      await open.end();
      return [...idle, ...beside];
    } finally {
      await server.close();
    }
  },
};

async function compared(server: BenchServer, circumstances: string): Promise<Figure[]> {
  const store = server.store();
  await setUpOthers(server);
  const emmett = getPostgreSQLEventStore(`postgres://postgres:${PASSWORD}@127.0.0.1:${server.port}/others`);
  await emmett.schema.migrate();
  const figures: Figure[] = [];
  for (const callers of CALLERS) {
    const [ours, theirs, limit]: [number[], number[], number[]] = [[], [], []];
    // in turn, so that a change of the machine's speed hits all three
    for (let round = 0; round < ROUNDS; round++) {
      const prefix = randomUUID();
      ours.push(
        await rate(callers, (caller, nth) =>
          store.append(`bench-${prefix}-${caller}`, nth === 0 ? 'none' : nth - 1, [newEvent()]),
        ),
      );
      theirs.push(
        await rate(callers, (caller, nth) =>
          emmett.appendToStream(`bench-${prefix}-${caller}`, [{ type: 'ProjectRenamed', data: PAYLOAD }], {
            expectedStreamVersion: nth === 0 ? 'STREAM_DOES_NOT_EXIST' : BigInt(nth),
          }),
        ),
      );
      limit.push(await plainInserts(server, callers));
    }
    const what = `${callers} callers, ${circumstances}`;
    const beside = (name: string, values: number[]) => ({ beside: { what: name, value: median(values) } });
    figures.push(
      {
        what,
        values: ours,
        unit: 'appends/s',
        ...beside('emmett', theirs),
        target: `ratio at least ${WANTED[callers]}`,
      },
      {
        what,
        values: ours,
        unit: 'appends/s',
        ...beside('plain INSERTs', limit),
        target: 'ratio at least 0.7',
      },
    );
  }
  await emmett.close();
  return figures;
}

async function setUpOthers(server: BenchServer): Promise<void> {
  const admin = new pg.Client(server.superuser('postgres'));
  await admin.connect();
  await admin.query('DROP DATABASE IF EXISTS others WITH (FORCE)');
  await admin.query('CREATE DATABASE others');
  await admin.end();
  const others = new pg.Client(server.superuser('others'));
  await others.connect();
  await others.query('CREATE TABLE plain (id bigserial PRIMARY KEY, data text NOT NULL)');
  await others.end();
}

/** pgbench where it is installed (Debian's package postgresql brings it); otherwise as many clients of ours. */
async function plainInserts(server: BenchServer, callers: number): Promise<number> {
  const pgbench = await findPgbench();
  if (pgbench === undefined) return plainInsertsFromNode(server, callers);
  const folder = await testFolder();
  const script = join(folder.path, 'insert.sql');
  await writeFile(script, `INSERT INTO plain (data) VALUES (repeat('x', 300));\n`);
  const args = [
    '-n',
    '-M',
    'prepared',
    '-f',
    script,
    '-c',
    String(callers),
    '-j',
    '1',
    '-T',
    String(SECONDS),
  ];
  const { stdout } = await run(
    pgbench,
    [...args, '-h', '127.0.0.1', '-p', String(server.port), '-U', 'postgres', 'others'],
    {
      env: { PGPASSWORD: PASSWORD },
    },
  ).finally(() => void folder.remove());
  return Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1]);
}

async function plainInsertsFromNode(server: BenchServer, callers: number): Promise<number> {
  const clients = Array.from({ length: callers }, () => new pg.Client(server.superuser('others')));
  await Promise.all(clients.map((client) => client.connect()));
  const text = 'INSERT INTO plain (data) VALUES ($1)';
  const result = await rate(callers, async (caller) =>
    clients[caller]?.query({ name: 'plain', text, values: ['x'.repeat(300)] }),
  );
  await Promise.all(clients.map((client) => client.end()));
  return result;
}

export async function findPgbench(): Promise<string | undefined> {
  const places = [18, 17, 16, 15].map((major) => `/usr/lib/postgresql/${major}/bin/pgbench`);
  for (const place of ['/usr/bin/pgbench', '/opt/homebrew/bin/pgbench', ...places]) {
    const there = await access(place).then(
      () => true,
      () => false,
    );
    if (there) return place;
  }
  return undefined;
}
