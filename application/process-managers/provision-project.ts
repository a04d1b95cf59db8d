import { databaseName } from '../../domain/project/project-id.ts';
import { projectProcess, type ProjectProcess, type ProjectStep } from './project-process.ts';
import {
  createDatabaseUsers,
  loginsOf,
  loginsMade,
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
    { ...createDatabaseUsers(world), text: 'Make its logins', do: makeLogins(world) },
    // the first session of a new database is slow to open, and the REST API's start need not wait for it
    {
      ...migrateSchema(world),
      text: "Give its logins their rights; look at the platform's part",
      do: grantAndMigrate(world),
    },
    // a copy of the template is at its version already: there is nothing to wait for
    { ...spawnPostgrest(world), beside: true },
    verifyDataApi(world, outcome),
  ]);

const makeLogins =
  (world: World): ProjectStep['do'] =>
  async (project, signal) => {
    await world.databases.ensureLogins(...loginsOf(world, project), signal);
    return loginsMade(world, project);
  };

const grantAndMigrate =
  (world: World): ProjectStep['do'] =>
  async (project, signal, report) => {
    await world.databases.ensureRights(...loginsOf(world, project), signal);
    return migrateSchema(world).do(project, signal, report);
  };

export const provisionProject = (world: World): ProjectProcess =>
  process('provision', world, 'ProjectActivated');

/** The same for whoever comes next. */
export const prepareSpare = (world: World): ProjectProcess =>
  process('prepare-spare', world, 'SparePrepared');
