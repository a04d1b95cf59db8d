/** Whose sessions are too many, when all projects together have more than a server has room for. */
import { ownerRole, projectOfLogin, type ProjectId } from '../../domain/project/project-id.ts';

/** A session of a project's login. */
export interface OpenSession {
  readonly pid: number;
  readonly login: string;
}

interface Held {
  count: number;
  /** the newest last; a REST API's are bounded by its pool, so they count and are left alone */
  readonly ofOwner: OpenSession[];
}

/**
 * The newest session of the project that is furthest over its share, again and again until there is room for the others.
 * @param sessions the oldest first
 */
export function overShare(
  sessions: readonly OpenSession[],
  room: number,
  share: number,
): readonly OpenSession[] {
  const projects = new Map<ProjectId, Held>();
  for (const session of sessions) {
    const project = projectOfLogin(session.login);
    const held = projects.get(project) ?? { count: 0, ofOwner: [] };
    projects.set(project, held);
    held.count++;
    if (session.login === ownerRole(project)) held.ofOwner.push(session);
  }
  const over: OpenSession[] = [];
  while (sessions.length - over.length > room) {
    const [furthest] = [...projects.values()]
      .filter(({ count, ofOwner }) => count > share && ofOwner.length > 0)
      .sort((one, other) => other.count - one.count);
    const newest = furthest?.ofOwner.pop();
    if (!furthest || !newest) break;
    furthest.count--;
    over.push(newest);
  }
  return over;
}
