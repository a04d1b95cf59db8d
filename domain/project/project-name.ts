/**
 * A name is unique among one owner's projects. It has a stream of its own, so that two requests for one name
 * meet in an append with an expected revision and exactly one of them wins.
 */
import type { Decider } from '../decider.ts';
import { Rejection } from '../rejection.ts';
import type { ProjectId } from './project-id.ts';

export type ProjectNameEvent =
  | { readonly type: 'ProjectNameReserved'; readonly data: { projectId: ProjectId } }
  | { readonly type: 'ProjectNameFreed'; readonly data: { projectId: ProjectId } };

export type ProjectName = { readonly holder: ProjectId | null };

export type ProjectNameCommand =
  /** `stale`: a holder that was never requested (its caller died in between); it may be replaced */
  | { readonly kind: 'ReserveName'; readonly projectId: ProjectId; readonly stale?: ProjectId }
  | { readonly kind: 'FreeName'; readonly projectId: ProjectId };

export const projectNameStream = (ownerId: string, name: string): string => `projectname-${ownerId}-${name}`;

export const projectNameDecider: Decider<ProjectName, ProjectNameCommand, ProjectNameEvent> = {
  initial: { holder: null },
  decide(command, { holder }) {
    const data = { projectId: command.projectId };
    if (command.kind === 'FreeName') {
      return holder === command.projectId ? [{ type: 'ProjectNameFreed', data }] : [];
    }
    if (holder === command.projectId) return [];
    if (holder !== null && holder !== command.stale) {
      throw new Rejection('project/name-taken', 'You already have a project of this name.');
    }
    return [{ type: 'ProjectNameReserved', data }];
  },
  evolve: (_state, event) => ({ holder: event.type === 'ProjectNameReserved' ? event.data.projectId : null }),
};
