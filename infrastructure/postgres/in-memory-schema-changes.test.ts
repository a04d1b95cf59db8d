import { newProject } from '../../application/ports/databases.contract.ts';
import { schemaChangesContract } from '../../application/ports/schema-changes.contract.ts';
import { InMemorySchemaChanges } from './in-memory-schema-changes.ts';

schemaChangesContract('memory', () => {
  const changes = new InMemorySchemaChanges();
  const projects = [newProject(), newProject()] as const;
  for (const project of projects) changes.add(project);
  return Promise.resolve({
    changes,
    projects,
    change: (project) => Promise.resolve(changes.change(project)),
    close: () => Promise.resolve(),
  });
});
