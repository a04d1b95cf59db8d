/** Plain one-row INSERTs by pgbench into a table of their own: what a server's commits come to. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { testFolder } from '../../infrastructure/testing/folder.ts';
import { lasting, pgbench } from './pgbench.ts';
import type { Closable } from './section.ts';

export interface PlainInserts extends Closable {
  /** @returns rows a second */
  rate(clients: number, seconds: number): Promise<number>;
}

/** @param connection a superuser's, to a database that gets a schema `plain` */
export async function plainInserts(connection: pg.ClientConfig): Promise<PlainInserts> {
  const client = new pg.Client(connection);
  await client.connect();
  await client.query(
    'CREATE SCHEMA plain; CREATE TABLE plain.rows (id bigserial PRIMARY KEY, data text NOT NULL)',
  );
  await client.end();
  const folder = await testFolder();
  const script = join(folder.path, 'insert.sql');
  await writeFile(script, `INSERT INTO plain.rows (data) VALUES (repeat('x', 300));\n`);
  return {
    rate: (clients, seconds) =>
      pgbench(connection, [
        ...`-n -M prepared -f ${script} -j 1 -c ${clients}`.split(' '),
        ...lasting(seconds, clients),
      ]),
    close: () => folder.remove(),
  };
}
