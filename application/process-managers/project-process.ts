/** Projects as an aggregate whose processes the engine takes to their end. */
import type { ProcessName, ProjectEvent } from '../../domain/project/events.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import { rulesOf } from '../../domain/project/project-processes.ts';
import type { ExistingProject, Project } from '../../domain/project/project.ts';
import type { Aggregate, Host, Process, Step } from '../process-engine/process.ts';

export interface ProjectStep extends Step<ExistingProject, ProjectEvent> {
  /** what it does, for owners */
  readonly text: string;
}
export interface ProjectProcess extends Process<ExistingProject, ProjectEvent> {
  readonly steps: readonly ProjectStep[];
}
export interface ProjectHost extends Host<Project, ExistingProject, ProjectEvent, ProcessName> {
  readonly processes: Readonly<Record<ProcessName, ProjectProcess>>;
}

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
