import { expect, test } from 'vitest';
import { newProject } from '../ports/databases.contract.ts';
import { changeDataApi } from '../../domain/project/data-api-settings.ts';
import { DEFAULT_DATA_API_SETTINGS, type DataApiRoute } from '../../domain/project/events.ts';
import {
  CONNECTIONS_OF_LOGIN,
  pooledConnections,
  PROJECT_LOGINS,
} from '../../domain/project/project-logins.ts';
import { makeHarness, runToRest, command, request, stateOf } from '../testing/project-harness.ts';
import { dataApiOf, poolOf } from './desired-project.ts';

const all = pooledConnections(PROJECT_LOGINS);

test.each<[DataApiRoute, DataApiRoute | undefined, DataApiRoute]>([
  ['pooler', undefined, 'pooler'],
  ['pooler', 'direct', 'direct'],
  ['direct', undefined, 'direct'],
  ['direct', 'pooler', 'pooler'],
])(
  'platform %s, project %s: %s, and no more connections than the capacity counts',
  async (route, own, is) => {
    const harness = makeHarness();
    const id = newProject();
    await command(harness, id, request(id));
    const made = await runToRest(harness, id);
    const project = { ...made, dataApi: changeDataApi(DEFAULT_DATA_API_SETTINGS, { route: own }) };
    const world = { ...harness.world, route };
    expect(dataApiOf(world, project).route).toBe(is);
    expect(poolOf(world, project).connections).toBe(is === 'direct' ? all - CONNECTIONS_OF_LOGIN : all);
    // more than one login has: none of them can hold the last ones against the others
    expect(all - CONNECTIONS_OF_LOGIN).toBeGreaterThan(CONNECTIONS_OF_LOGIN);
  },
);

test('another route is taken up at once, by the pool entry also of one that sleeps', async () => {
  const harness = makeHarness();
  const id = newProject();
  const connections = () => harness.pools.registered(id)?.connections;
  await command(harness, id, request(id));
  await runToRest(harness, id);
  await command(harness, id, { kind: 'ChangeDataApiSettings', dataApi: { route: 'direct' } });
  expect((await runToRest(harness, id)).status).toBe('active');
  expect(connections()).toBe(all - CONNECTIONS_OF_LOGIN);
  await command(harness, id, { kind: 'SleepProject', idleSince: new Date() });
  expect((await runToRest(harness, id)).status).toBe('sleeping');
  await command(harness, id, { kind: 'ChangeDataApiSettings', dataApi: { maxRows: 3 } });
  expect((await stateOf(harness, id)).run).toBeNull();
  await command(harness, id, { kind: 'ChangeDataApiSettings', dataApi: { route: null } });
  expect((await runToRest(harness, id)).status).toBe('sleeping');
  expect(connections()).toBe(all);
  expect(await harness.dataApis.list()).toEqual([]);
  await command(harness, id, { kind: 'WakeProject' });
  expect((await runToRest(harness, id)).status).toBe('active');
  const project = await stateOf(harness, id);
  expect(await harness.dataApis.state(dataApiOf(harness.world, project))).toBe('as-wanted');
});
