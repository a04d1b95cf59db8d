import type { Role } from '../config.ts';
import { PARTS } from './tokens.ts';

type PartName = keyof typeof PARTS;

const LOG: readonly PartName[] = [
  'tracing',
  'postgres',
  'platformDatabase',
  'platformSessions',
  'eventStore',
];

/** Which parts a process of each role needs; one of several roles needs those of all of them. */
const NEEDED: Readonly<Record<Role, readonly PartName[]>> = {
  gateway: ['tracing', 'platformSessions', 'views', 'dataApis', 'requestTally', 'gateway', 'taskBoard'],
  platform: [...LOG, 'views', 'streamWatch', 'tenantConnections', 'operatorApi', 'platformApi'],
  worker: [...LOG, 'views', 'streamWatch', 'processWorker', 'workerServer', 'taskBoard'],
  migrations: [...LOG, 'migrations'],
  // neither prepares a server nor is anybody's superuser: it works in projects' databases as their login `auth`
  auth: [
    'tracing',
    'platformSessions',
    'eventStore',
    'tenantConnections',
    'authProjects',
    'mailSender',
    'auth',
    'taskBoard',
  ],
  // nor does this one: whoever asks is judged in the project's database, as its login `storage`
  storage: [
    'tracing',
    'platformSessions',
    'eventStore',
    'tenantConnections',
    'storageProjects',
    'fileTasks',
    'storage',
    'taskBoard',
  ],
  manager: [
    'poolerGuardThread',
    ...LOG,
    'views',
    'streamWatch',
    'connectionPools',
    'poolerGuard',
    'dataApis',
    'installed',
    'reconciler',
    'schemaFollower',
    'sessionLimits',
    'logRotation',
    'collectors',
    'manager',
    'taskBoard',
  ],
};

/** In the order in which they start. */
export function partsOf(roles: readonly Role[]) {
  const needed = new Set(roles.flatMap((role) => NEEDED[role]));
  if (roles.some((role) => ['platform', 'manager', 'migrations', 'auth', 'storage'].includes(role)))
    needed.delete('workerServer');
  return Object.entries(PARTS).flatMap(([name, part]) => (needed.has(name as PartName) ? [part] : []));
}
