import { databaseSizesContract } from '../../application/ports/database-sizes.contract.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import { InMemoryDatabaseSizes } from './in-memory-database-sizes.ts';

databaseSizesContract('in memory', () => {
  const sizes = new InMemoryDatabaseSizes();
  return Promise.resolve({
    sizes,
    make: () => {
      const project = newProject();
      sizes.seen.set(project, { bytes: 8_000_000, rewriting: false });
      return Promise.resolve(project);
    },
    fill: (project, bytes) => {
      const { bytes: before = 0 } = sizes.seen.get(project) ?? {};
      return Promise.resolve(void sizes.seen.set(project, { bytes: before + bytes + 1, rewriting: false }));
    },
    whileRewriting: async (project, look) => {
      sizes.seen.set(project, { bytes: 16_000_000, rewriting: true });
      await look();
      sizes.seen.set(project, { bytes: 8_000_000, rewriting: false });
    },
    close: () => Promise.resolve(),
  });
});
