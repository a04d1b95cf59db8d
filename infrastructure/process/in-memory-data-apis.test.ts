import { dataApisContract } from '../../application/ports/data-apis.contract.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { DEFAULT_DATA_API_SETTINGS } from '../../domain/project/events.ts';
import { InMemoryDataApis } from './in-memory-data-apis.ts';

dataApisContract('in memory', () =>
  Promise.resolve({
    dataApis: new InMemoryDataApis(),
    prepare: () =>
      Promise.resolve({
        project: newProject(),
        authenticatorPassword: 'secret',
        jwtSecret: 'secret',
        settings: DEFAULT_DATA_API_SETTINGS,
      }),
    close: () => Promise.resolve(),
  }),
);
