import type { Decider } from '../decider.ts';
import { decideProject } from './decide-project.ts';
import type { ProjectEvent } from './events.ts';
import { evolveProject } from './evolve-project.ts';
import type { Project, ProjectCommand } from './project.ts';

export const projectDecider: Decider<Project, ProjectCommand, ProjectEvent> = {
  initial: { kind: 'none' },
  decide: decideProject,
  evolve: evolveProject,
};
