import { expect, onTestFinished, test } from 'vitest';
import { poolFor } from '../../application/ports/connection-pools.contract.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { PgbouncerConnectionPools } from './pgbouncer-connection-pools.ts';
import { ask, makePooler, poolerDriftContract } from './pooler-drift.contract.ts';

poolerDriftContract('us');

test('a second manager does not write in the same folder; it takes over when the first one has gone', async () => {
  const server = await makePooler('us');
  onTestFinished(() => server.close());
  const project = newProject();
  await server.pools.restore([poolFor(project)]);
  const second = new PgbouncerConnectionPools(server.options);
  onTestFinished(() => second.stop());
  const text = await server.text('databases.ini');
  const restored = second.restore([]);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(await server.text('databases.ini')).toBe(text);
  await server.pools.stop();
  await restored;
  expect(await second.list()).toEqual([]);
});

test('with more projects more clients are let in, by the pooler that runs', async () => {
  const server = await makePooler('us');
  onTestFinished(() => server.close());
  const [pid, projects] = [server.pid(), Array.from({ length: 63 }, newProject)];
  const most = async () => (await ask(server, 'SHOW CONFIG')).find(({ key }) => key === 'max_client_conn');
  await Promise.all(projects.map((project) => server.pools.register(poolFor(project))));
  expect(await most()).toMatchObject({ value: '5500' });
  // as another run of ours begins that knows of fewer
  await server.pools.restore([]);
  expect(await most()).toMatchObject({ value: '5000' });
  expect([server.pid(), server.seen]).toEqual([pid, []]);
});
