import {
  managedConnectionPoolsContract,
  poolFor,
} from '../../application/ports/connection-pools.contract.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { InMemoryConnectionPools } from './in-memory-connection-pools.ts';

managedConnectionPoolsContract('in memory', () => {
  const pools = new InMemoryConnectionPools();
  const workable = async () => {
    const project = newProject();
    await pools.register(poolFor(project));
    let transactions = 0;
    const query = () =>
      Promise.resolve(void pools.used.set(project, { transactions: ++transactions, active: 0 }));
    const begin = () => {
      pools.used.set(project, { transactions, active: 1 });
      return Promise.resolve(query);
    };
    return { project, query, begin };
  };
  return Promise.resolve({ pools, workable, close: () => Promise.resolve() });
});
