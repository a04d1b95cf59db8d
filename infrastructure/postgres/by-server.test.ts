import { expect, test } from 'vitest';
import { Refused, Unavailable } from '../../application/errors.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import type { Databases } from '../../application/ports/databases.ts';
import type { SchemaChanges } from '../../application/ports/schema-changes.ts';
import { serverOfProject } from '../../application/project/server-of-project.ts';
import { command, makeHarness, request } from '../../application/testing/project-harness.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { ByServer, databasesByServer, schemaChangesByServer, sizesByServer } from './by-server.ts';
import { InMemoryDatabases } from './in-memory-databases.ts';
import { InMemoryDatabaseSizes } from './in-memory-database-sizes.ts';

const [here, there, stray] = [newProject(), newProject(), newProject()];
const PLACES = new Map<ProjectId, ServerName>([
  [here, 'main'],
  [there, 'second'],
  [stray, 'gone'],
]);
const serverOf = (project: ProjectId) => {
  const name = PLACES.get(project);
  return name === undefined ? Promise.reject(new Refused('no such project')) : Promise.resolve(name);
};
const byTwo = <Adapter>(main: Adapter, second: Adapter) =>
  new ByServer(
    serverOf,
    new Map([
      ['main', main],
      ['second', second],
    ]),
  );

test('a project is made, looked at and removed on its server alone, and a signal is passed on', async () => {
  const [main, second] = [new InMemoryDatabases(), new InMemoryDatabases()];
  const databases = databasesByServer(byTwo<Databases>(main, second));
  await databases.ensureDatabase(here, 1);
  await databases.ensureDatabase(there, 1);
  expect([[...main.databases.keys()], [...second.databases.keys()]]).toEqual([[here], [there]]);
  expect((await databases.list()).toSorted()).toEqual([here, there].toSorted());
  await expect(
    databases.ensureDatabase(there, 1, AbortSignal.abort(new RangeError('enough'))),
  ).rejects.toThrow('enough');
  await databases.dropDatabase(there);
  expect([main.databases.size, second.databases.size]).toEqual([1, 0]);
});

test('what is on a server that is not there, or is nobody’s, is refused: it is on no other', async () => {
  const [main, second] = [new InMemoryDatabases(), new InMemoryDatabases()];
  const databases = databasesByServer(byTwo<Databases>(main, second));
  for (const project of [stray, newProject()])
    await expect(databases.ensureDatabase(project, 1)).rejects.toBeInstanceOf(Refused);
  expect([main.databases.size, second.databases.size]).toEqual([0, 0]);
});

test('one server that is away hides its own projects; when all are, it is said', async () => {
  const [main, second] = [new InMemoryDatabaseSizes(), new InMemoryDatabaseSizes()];
  for (const sizes of [main, second])
    for (const project of [here, there]) sizes.seen.set(project, { bytes: 1, rewriting: false });
  const measured = sizesByServer(byTwo(main, second));
  expect([...(await measured.measure([here, there, stray])).keys()]).toEqual([here, there]);
  second.measure = () => Promise.reject(new Unavailable('measure'));
  expect([...(await measured.measure([here, there])).keys()]).toEqual([here]);
  main.measure = () => Promise.reject(new Unavailable('measure'));
  await expect(measured.measure([here, there])).rejects.toBeInstanceOf(Unavailable);

  const changes = (mark?: string): SchemaChanges => ({
    marks: (projects) =>
      mark === undefined
        ? Promise.reject(new Unavailable('ask'))
        : Promise.resolve(new Map(projects.map((project) => [project, mark]))),
    take: () => Promise.resolve(),
    existing: () => Promise.resolve([]),
  });
  const marks = (main?: string, second?: string) =>
    schemaChangesByServer(byTwo(changes(main), changes(second))).marks([here, there]);
  expect([...(await marks('a', 'b'))]).toEqual([
    [here, 'a'],
    [there, 'b'],
  ]);
  expect([...(await marks(undefined, 'b'))]).toEqual([[there, 'b']]);
});

test('where a retired login cannot be dropped the other servers are tidied all the same', async () => {
  let tried = 0;
  const tidied = (fails: boolean) => {
    const databases = new InMemoryDatabases();
    databases.dropRetiredLogins = () => {
      tried++;
      return fails ? Promise.reject(new Unavailable('drop')) : Promise.resolve();
    };
    return databases;
  };
  const databases = databasesByServer(byTwo<Databases>(tidied(true), tidied(false)));
  await expect(databases.dropRetiredLogins()).rejects.toBeInstanceOf(Unavailable);
  expect(tried).toBe(2);
});

test('the log says where a project is, once for all; of one that it does not know it says nothing', async () => {
  const harness = makeHarness();
  const id = newProject();
  await command(harness, id, { ...request(id), server: 'second' } as ReturnType<typeof request>);
  let reads = 0;
  const store = new Proxy(harness.store, {
    get: (target, name) => {
      if (name === 'readStream') reads++;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const serverOfIt = serverOfProject(store);
  expect([await serverOfIt(id), await serverOfIt(id), reads]).toEqual(['second', 'second', 1]);
  await expect(serverOfIt(newProject())).rejects.toBeInstanceOf(Refused);
});
