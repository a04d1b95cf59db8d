/** What the guard in front of PgBouncer costs a query: the same PgBouncer with it and without. */
import { join } from 'node:path';
import pg from 'pg';
import { newProject } from '../../../application/ports/databases.contract.ts';
import { poolFor } from '../../../application/ports/connection-pools.contract.ts';
import { ownerRole } from '../../../domain/project/project-id.ts';
import { MAIN_SERVER } from '../../../domain/project/server-name.ts';
import { scramVerifier } from '../../../infrastructure/crypto/scram.ts';
import { PgbouncerConnectionPools } from '../../../infrastructure/pgbouncer/pgbouncer-connection-pools.ts';
import { GuardThread } from '../../../infrastructure/pooler-guard/guard-thread.ts';
import { findPgbouncer } from '../../../infrastructure/process/binaries.ts';
import { childDoors } from '../../../infrastructure/testing/doors.ts';
import { quietLog, testFolder } from '../../../infrastructure/testing/folder.ts';
import { testPort } from '../../../infrastructure/testing/port.ts';
import { PASSWORD, sharedServer, type BenchServer } from '../bench-server.ts';
import { lasting, pgbench } from '../pgbench.ts';
import type { Context, Group, Section } from '../section.ts';

const CLIENTS = 16;
const SCALE = { quick: 1, whole: 10 };
const WITHOUT = 'PgBouncer itself';
const GUARDED = 'through the guard';

export const section: Section = {
  name: 'guard',
  summary: `pgbench select-only through PgBouncer, ${CLIENTS} clients, with the guard and without`,
  groups: [{ name: 'guard', main: true, prepare: guard }],
};

async function guard(context: Context): Promise<Group> {
  const server = await sharedServer(context);
  const project = newProject();
  const user = ownerRole(project);
  const verifier = await scramVerifier(PASSWORD);
  await makeDatabase(server, project, user, verifier);
  const at = (port: number) => ({ host: '127.0.0.1', port, user, password: PASSWORD, database: project });
  await pgbench(at(server.port), ['-i', '-q', '-s', String(context.quick ? SCALE.quick : SCALE.whole)]);
  const ports = await poolerWithGuard(context, server, (pools) => pools.register(poolFor(project, verifier)));
  const select = async (port: number) => ({
    rate: await pgbench(at(port), [
      '-S',
      '-n',
      '-c',
      String(CLIENTS),
      '-j',
      '2',
      ...lasting(context.seconds, CLIENTS),
    ]),
  });
  return {
    ways: { [WITHOUT]: () => select(ports.without), [GUARDED]: () => select(ports.guarded) },
    figures: [
      {
        name: 'through the guard, of PgBouncer itself',
        unit: 'queries/s',
        of: [GUARDED, 'rate'],
        beside: [WITHOUT, 'rate'],
        goal: { ratioAtLeast: 0.85 },
      },
    ],
  };
}

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
  context: Context,
  server: BenchServer,
  register: (pools: PgbouncerConnectionPools) => Promise<void>,
) {
  const binary = await findPgbouncer(process.env['PATH'] ?? '');
  if (binary === undefined) throw new Error('PgBouncer is not installed');
  const folder = await testFolder('pgbouncer');
  context.atEnd(() => folder.remove());
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
  context.atEnd(() => pools.stop());
  await register(pools);
  const guardThread = new GuardThread(
    {
      addresses: [{ host: '127.0.0.1', port: guarded }],
      pooler: { path: join(doors.socketFolder, `.s.PGSQL.${without}`) },
    },
    quietLog,
  );
  await guardThread.start();
  context.atEnd(() => guardThread.stop());
  return { without, guarded };
}
