import { databaseName } from '../../domain/project/project-id.ts';
import { projectProcess, type ProjectProcess } from './project-process.ts';
import {
  createDatabaseUsers,
  migrateSchema,
  registerPool,
  SLOW_MS,
  spawnPostgrest,
  verifyDataApi,
} from './steps.ts';
import type { World } from '../desired/world.ts';

/** From nothing to a REST API that answers. One row a step, with what takes it back beside it. */
const process = (
  name: 'provision' | 'prepare-spare',
  world: World,
  outcome: 'ProjectActivated' | 'SparePrepared',
): ProjectProcess =>
  projectProcess(name, [
    {
      name: 'create-database',
      text: 'Create the database from the template',
      records: 'DatabaseCreated',
      timeoutMs: SLOW_MS,
      async do({ id, templateVersion }, signal) {
        await world.databases.ensureDatabase(id, templateVersion, signal);
        return { type: 'DatabaseCreated', data: { databaseName: databaseName(id) } };
      },
      undo: { records: 'DatabaseDropped', run: ({ id }, signal) => world.databases.dropDatabase(id, signal) },
    },
    { ...registerPool(world), beside: true },
    createDatabaseUsers(world),
    migrateSchema(world),
    // a copy of the template is at its version already: there is nothing to wait for
    { ...spawnPostgrest(world), beside: true },
    verifyDataApi(world, outcome),
  ]);

export const provisionProject = (world: World): ProjectProcess =>
  process('provision', world, 'ProjectActivated');

/** The same for whoever comes next. */
export const prepareSpare = (world: World): ProjectProcess =>
  process('prepare-spare', world, 'SparePrepared');
