import { expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { InMemorySchemaChanges } from '../../infrastructure/postgres/in-memory-schema-changes.ts';
import { newProject } from '../ports/databases.contract.ts';
import type { Endpoint } from '../ports/data-apis.ts';
import { SchemaFollower } from './follow-schema-changes.ts';

function following(count: number) {
  const projects = Array.from({ length: count }, newProject);
  const changes = new InMemorySchemaChanges();
  const running = new Map<ProjectId, Endpoint>();
  const [looked, reloaded, warned]: [ProjectId[], ProjectId[], unknown[]] = [[], [], []];
  for (const project of projects) {
    changes.add(project);
    running.set(project, { host: '127.0.0.1', port: 1 });
  }
  let broken = false;
  const follower = new SchemaFollower({
    changes: {
      marks: (asked) => changes.marks(asked),
      existing: (_project: ProjectId, schemas: readonly string[]) => Promise.resolve(schemas),
      take: (project, tell) => {
        looked.push(project);
        return changes.take(project, tell);
      },
    },
    dataApis: {
      endpoints: () => running,
      reloadSchema: (project) => {
        if (broken) return Promise.reject(new RangeError('no'));
        reloaded.push(project);
        return Promise.resolve();
      },
    },
    clock: { now: () => new Date(), elapsedMs: () => performance.now(), sleep: () => Promise.resolve() },
    log: { debug() {}, info() {}, warn: (...said) => void warned.push(said), error() {} },
  });
  const look = async () => {
    [looked.length, reloaded.length] = [0, 0];
    await follower.look();
    return { looked: [...looked], reloaded: [...reloaded] };
  };
  const setBroken = (to: boolean) => void (broken = to);
  return { projects, changes, running, look, warned, setBroken };
}

test('only databases in which something changed are looked into, and only their APIs told', async () => {
  const { projects, changes, look } = following(20);
  expect((await look()).looked).toHaveLength(20);
  expect(await look()).toEqual({ looked: [], reloaded: [] });
  const changed = projects.slice(3, 5);
  for (const project of changed) changes.change(project);
  expect(await look()).toEqual({ looked: changed, reloaded: changed });
  expect(await look()).toEqual({ looked: [], reloaded: [] });
});

test('what does not run is left alone, and looked at when it runs again', async () => {
  const { projects, changes, running, look } = following(2);
  const [asleep, awake] = projects as [ProjectId, ProjectId];
  await look();
  running.delete(asleep);
  changes.change(asleep);
  expect(await look()).toEqual({ looked: [], reloaded: [] });
  running.set(asleep, { host: '127.0.0.1', port: 1 });
  changes.change(awake);
  expect((await look()).reloaded).toEqual([asleep, awake]);
});

test('a change that could not be told is told by a later look; the log says it once', async () => {
  const { projects, changes, look, warned, setBroken } = following(1);
  const [project] = projects as [ProjectId];
  changes.change(project);
  setBroken(true);
  for (let times = 0; times < 5; times++) expect((await look()).reloaded).toEqual([]);
  setBroken(false);
  expect((await look()).reloaded).toEqual([project]);
  expect(warned).toHaveLength(1);
});
