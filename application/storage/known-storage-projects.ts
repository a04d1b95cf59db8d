import { projectStorageStream } from '../../domain/project/project-id.ts';
import type { Clock } from '../ports/clock.ts';
import { KnownProjects, type KnownProjectsLimits } from '../project/known-projects.ts';
import { loadStorageProject, type LoadStorageProjectDependencies } from './load-storage-project.ts';
import type { StorageProject } from './storage-project.ts';

/** of one, beside what grows with what its owner makes */
const USUAL_CHARACTERS = 1_000;
const KEY_CHARACTERS = 200;

export const knownStorageProjects = (
  dependencies: LoadStorageProjectDependencies & { readonly clock: Clock },
  limits: Partial<KnownProjectsLimits> = {},
): KnownProjects<StorageProject> =>
  new KnownProjects(
    dependencies,
    {
      service: 'storage',
      load: (id) => loadStorageProject(dependencies, id),
      besideStream: projectStorageStream,
      sizeOf: ({ s3Keys }) => USUAL_CHARACTERS + s3Keys.size * KEY_CHARACTERS,
    },
    limits,
  );
