import { managedDataApisContract, ROWS } from '../../application/ports/data-apis.contract.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { DEFAULT_DATA_API_SETTINGS } from '../../domain/project/events.ts';
import { InMemoryDataApis } from './in-memory-data-apis.ts';

managedDataApisContract('in memory', () => {
  const dataApis = new InMemoryDataApis();
  return Promise.resolve({
    dataApis,
    kill: (project) => Promise.resolve(dataApis.kill(project)),
    changePassword: (api) => Promise.resolve({ ...api, authenticatorPassword: 'other' }),
    rows: (project) => Promise.resolve(Math.min(ROWS, dataApis.running.get(project)?.settings.maxRows ?? 0)),
    prepare: () =>
      Promise.resolve({
        project: newProject(),
        server: MAIN_SERVER,
        authenticatorPassword: 'secret',
        route: 'pooler',
        writes: 'all',
        jwtSecrets: ['secret'],
        publicKeys: [],
        settings: DEFAULT_DATA_API_SETTINGS,
      }),
    occupy: (project) => {
      dataApis.inUse.add(project);
      return () => void dataApis.inUse.delete(project);
    },
    close: () => Promise.resolve(),
  });
});
