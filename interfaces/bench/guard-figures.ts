/** What the guard in front of PgBouncer costs a query: the same PgBouncer with it and without, in turn. */
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { newProject } from '../../application/ports/databases.contract.ts';
import { poolFor } from '../../application/ports/connection-pools.contract.ts';
import { ownerRole } from '../../domain/project/project-id.ts';
import { scramVerifier } from '../../infrastructure/crypto/scram.ts';
import { PgbouncerConnectionPools } from '../../infrastructure/pgbouncer/pgbouncer-connection-pools.ts';
import { childDoors } from '../../infrastructure/testing/doors.ts';
import { GuardThread } from '../../infrastructure/pooler-guard/guard-thread.ts';
import { findPgbouncer } from '../../infrastructure/process/binaries.ts';
import { quietLog, testFolder } from '../../infrastructure/testing/folder.ts';
import { testPort } from '../../infrastructure/testing/port.ts';
import { findPgbench } from './append-figures.ts';
import { benchServer, PASSWORD, type BenchServer } from './bench-server.ts';
import { median, type Figure, type Section } from './figures.ts';

const run = promisify(execFile);
const CLIENTS = 16;
const SECONDS = 5;
const ROUNDS = 7;
const WARM_UP_SECONDS = 2;
const SCALE = 10;

export const guardFigures: Section = {
  name: 'guard',
  summary: `pgbench select-only through PgBouncer, ${CLIENTS} clients, ${SECONDS} s each in turn, ${ROUNDS} rounds, with the guard and without`,
  async run(): Promise<readonly Figure[]> {
    const pgbench = await findPgbench();
    if (pgbench === undefined) return [{ what: 'pgbench is not installed', values: [0], unit: 'queries/s' }];
    const [server, folder] = [await benchServer(), await testFolder('pgbouncer')];
    const stops: (() => Promise<unknown>)[] = [() => server.close(), () => folder.remove()];
    try {
      const project = newProject();
      const user = ownerRole(project);
      const verifier = await scramVerifier(PASSWORD);
      await makeDatabase(server, project, user, verifier);
      const load = (port: number, ...args: readonly string[]) =>
        pgbenchRate(pgbench, port, user, project, args);
      await load(server.port, '-i', '-q', '-s', String(SCALE));
      const ports = await poolerWithGuard(server, folder, stops, (pools) =>
        pools.register(poolFor(project, verifier)),
      );
      const timed = (port: number, seconds: number) =>
        load(port, '-S', '-n', '-c', String(CLIENTS), '-j', '2', '-T', String(seconds));
      const rates: Record<keyof typeof ports, number[]> = { without: [], guarded: [] };
      for (const port of Object.values(ports)) await timed(port, WARM_UP_SECONDS);
      for (let round = 0; round < ROUNDS; round++) {
        rates.without.push(await timed(ports.without, SECONDS));
        rates.guarded.push(await timed(ports.guarded, SECONDS));
      }
      return figuresOf(rates);
    } finally {
      for (const stop of stops.toReversed()) await stop();
    }
  },
};

async function makeDatabase(
  server: BenchServer,
  name: string,
  user: string,
  verifier: string,
): Promise<void> {
  const client = new pg.Client(server.superuser('postgres'));
  await client.connect();
  await client.query(`CREATE ROLE ${pg.escapeIdentifier(user)} LOGIN PASSWORD ${pg.escapeLiteral(verifier)}`);
  await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} OWNER ${pg.escapeIdentifier(user)}`);
  await client.end();
}

async function poolerWithGuard(
  server: BenchServer,
  folder: Awaited<ReturnType<typeof testFolder>>,
  stops: (() => Promise<unknown>)[],
  register: (pools: PgbouncerConnectionPools) => Promise<void>,
) {
  const binary = await findPgbouncer(process.env['PATH'] ?? '');
  if (binary === undefined) throw new Error('PgBouncer is not installed');
  const [without, guarded] = [await testPort(), await testPort()];
  const doors = await childDoors(folder);
  const pools = new PgbouncerConnectionPools({
    program: { binary, logFile: join(folder.path, 'log') },
    port: without,
    folder: join(folder.path, 'pooler'),
    doors,
    servers: new Map([[MAIN_SERVER, { host: '127.0.0.1', port: server.port }]]),
    adminPassword: PASSWORD,
    user: folder.user,
    log: quietLog,
  });
  await pools.restore([]);
  stops.push(() => pools.stop());
  await register(pools);
  const guard = new GuardThread(
    {
      addresses: [{ host: '127.0.0.1', port: guarded }],
      pooler: { path: join(doors.socketFolder, `.s.PGSQL.${without}`) },
    },
    quietLog,
  );
  await guard.start();
  stops.push(() => guard.stop());
  return { without, guarded };
}

async function pgbenchRate(
  pgbench: string,
  port: number,
  user: string,
  database: string,
  args: readonly string[],
): Promise<number> {
  const place = ['-h', '127.0.0.1', '-p', String(port), '-U', user, database];
  const { stdout } = await run(pgbench, [...args, ...place], { env: { PGPASSWORD: PASSWORD } });
  return Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1] ?? 0);
}

function figuresOf({ without, guarded }: { without: number[]; guarded: number[] }): Figure[] {
  const rate = (what: string, values: number[]): Figure => ({ what, values, unit: 'queries/s' });
  return [
    rate('PgBouncer itself', without),
    rate('through the guard', guarded),
    {
      what: 'through the guard, of PgBouncer itself',
      values: guarded.map((value, round) => value / (without[round] ?? 0)),
      unit: `of the same round's, medians ${(median(guarded) / median(without)).toFixed(2)}`,
      target: 'at least 0.85',
    },
  ];
}
