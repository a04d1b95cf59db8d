import { projectAuthStream } from '../../domain/project/project-id.ts';
import type { Clock } from '../ports/clock.ts';
import { KnownProjects, type KnownProjectsLimits } from '../project/known-projects.ts';
import type { AuthProject } from './auth-project.ts';
import { loadAuthProject, type LoadAuthProjectDependencies } from './load-auth-project.ts';

export const knownAuthProjects = (
  dependencies: LoadAuthProjectDependencies & { readonly clock: Clock },
  limits: Partial<KnownProjectsLimits> = {},
): KnownProjects<AuthProject> =>
  new KnownProjects(
    dependencies,
    {
      service: 'auth',
      load: (id) => loadAuthProject(dependencies, id),
      besideStream: projectAuthStream,
      sizeOf: ({ settings }) => JSON.stringify(settings).length,
    },
    limits,
  );
