import { newProject } from '../../application/ports/databases.contract.ts';
import { projectFilesContract } from '../../application/ports/project-files.contract.ts';
import { InMemoryProjectFiles } from './in-memory-project-files.ts';

projectFilesContract('in memory', () => {
  const files = new InMemoryProjectFiles();
  return Promise.resolve({
    files,
    project: () => Promise.resolve(newProject()),
    put: (project, bytes) => Promise.resolve(files.put(project, bytes)),
    close: () => Promise.resolve(),
  });
});
