import { projectUsageContract } from '../../application/ports/project-usage.contract.ts';
import { InMemoryProjectUsage } from './in-memory-project-usage.ts';

projectUsageContract('in memory', () =>
  Promise.resolve({ usage: new InMemoryProjectUsage(), close: () => Promise.resolve() }),
);
