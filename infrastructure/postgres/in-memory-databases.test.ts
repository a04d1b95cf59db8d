import { databasesContract } from '../../application/ports/databases.contract.ts';
import { InMemoryDatabases } from './in-memory-databases.ts';

const login = { password: 'secret', verifier: 'verifier' };

databasesContract('in memory', () => {
  const databases = new InMemoryDatabases();
  return Promise.resolve({
    databases,
    otherVerifier: 'another verifier',
    logins: { owner: login, authenticator: login },
    makeForeign: (project) => Promise.resolve(void databases.foreign.add(project)),
    removeForeign: (project) => Promise.resolve(void databases.foreign.delete(project)),
    canConnect: (project) =>
      Promise.resolve(
        databases.databases.get(project)?.open === true &&
          (databases.bounds.get(project)?.connections ?? 0) > 0,
      ),
    close: () => Promise.resolve(),
  });
});
