import { managedConnectionPoolsContract } from '../../application/ports/connection-pools.contract.ts';
import { InMemoryConnectionPools } from './in-memory-connection-pools.ts';

managedConnectionPoolsContract('in memory', () =>
  Promise.resolve({ pools: new InMemoryConnectionPools(), close: () => Promise.resolve() }),
);
