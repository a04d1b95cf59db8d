/**
 * A name is unique among one owner's projects. It has a stream of its own, so that two requests for one name
 * meet in an append with an expected revision and exactly one of them wins.
 */
import type { Decider } from '../decider.ts';
import { Rejection } from '../rejection.ts';
import type { ProjectId } from './project-id.ts';

export type ProjectNameEvent =
  | { readonly type: 'ProjectNameReserved'; readonly data: Holder }
  | { readonly type: 'ProjectNameFreed'; readonly data: Holder };

/** `requestedAs`: the id of the request, where the project is a spare one and so has another */
export type Holder = { readonly projectId: ProjectId; readonly requestedAs?: ProjectId };

/** The request that has it: which project it becomes may turn out later. */
export const requestOf = ({ projectId, requestedAs = projectId }: Holder): ProjectId => requestedAs;

export type ProjectName = { readonly holder: Holder | null };

export type ProjectNameCommand =
  /** `stale`: a request that never came (its caller died in between); it may be replaced */
  | { readonly kind: 'ReserveName'; readonly holder: Holder; readonly stale?: ProjectId }
  | { readonly kind: 'FreeName'; readonly holder: Holder };

export const projectNameStream = (ownerId: string, name: string): string => `projectname-${ownerId}-${name}`;

export const projectNameDecider: Decider<ProjectName, ProjectNameCommand, ProjectNameEvent> = {
  initial: { holder: null },
  decide(command, { holder }) {
    const data = command.holder;
    const isTheirs = holder !== null && requestOf(holder) === requestOf(data);
    if (command.kind === 'FreeName') return isTheirs ? [{ type: 'ProjectNameFreed', data }] : [];
    if (isTheirs && holder.projectId === data.projectId) return [];
    if (holder !== null && !isTheirs && requestOf(holder) !== command.stale) {
      throw new Rejection('project/name-taken', 'You already have a project of this name.');
    }
    return [{ type: 'ProjectNameReserved', data }];
  },
  evolve: (_state, event) => ({ holder: event.type === 'ProjectNameReserved' ? event.data : null }),
};
