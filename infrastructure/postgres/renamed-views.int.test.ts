import { expect, onTestFinished, test } from 'vitest';
import { onCluster, testDatabase } from '../testing/database.ts';
import { makePlatformTables } from '../testing/platform-tables.ts';

test('what views of earlier names held is taken away, and nothing else', async () => {
  const database = await testDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  await onCluster(database.url, async (client) => {
    await makePlatformTables(client, 13);
    await client.query(`CREATE SCHEMA view_desired_data_apis CREATE TABLE data_apis (secrets jsonb);
      CREATE SCHEMA view_provisioning_progress; CREATE SCHEMA view_project_list; CREATE SCHEMA projection
      CREATE TABLE checkpoints (name text) CREATE TABLE parked (projection text);
      INSERT INTO projection.checkpoints VALUES ('desired-data-apis'), ('provisioning-progress'), ('project-list');
      INSERT INTO projection.parked VALUES ('desired-data-apis__next'), ('project-list')`);
    await makePlatformTables(client);
    const namesOf = async (sql: string) =>
      (await client.query<{ name: string }>(sql)).rows.map(({ name }) => name);
    expect(await namesOf(`SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'view%'`)).toEqual([
      'view_project_list',
    ]);
    expect(await namesOf('SELECT name FROM projection.checkpoints')).toEqual(['project-list']);
    expect(await namesOf('SELECT projection AS name FROM projection.parked')).toEqual(['project-list']);
  });
});
