/** Projects as an aggregate whose processes the engine takes to their end. */
import type { ProcessName, ProjectEvent } from '../../domain/project/events.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import { rulesOf } from '../../domain/project/project-processes.ts';
import type { ExistingProject, Project } from '../../domain/project/project.ts';
import type { Aggregate, Host, Process, Step } from '../process-engine/process.ts';

export type ProjectStep = Step<ExistingProject, ProjectEvent>;
export type ProjectProcess = Process<ExistingProject, ProjectEvent>;
export type ProjectHost = Host<Project, ExistingProject, ProjectEvent, ProcessName>;

/** A project's process: its rules stand in the domain, its steps here. */
export const projectProcess = (name: ProcessName, steps: readonly ProjectStep[]): ProjectProcess => ({
  name,
  ...rulesOf(name),
  steps,
});

export const projectAggregate: Aggregate<Project, ExistingProject, ProjectEvent, ProcessName> = {
  name: 'project',
  streamPrefix: 'project-',
  decider: projectDecider,
  underWay(state) {
    const works = state.kind === 'project' && state.run !== null && state.status !== 'suspended';
    return works ? { subject: state, run: state.run } : undefined;
  },
  suspended: (_project, data) => ({ type: 'ProjectSuspended', data }),
};
