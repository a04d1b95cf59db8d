/** The files of projects, for those who know nothing of them but whose they are. */
import type { ProjectId } from '../../domain/project/project-id.ts';

/** What they take. */
export interface TakenByFiles {
  readonly files: number;
  readonly bytes: number;
}

export interface ProjectFiles {
  /**
   * Nothing of the project's stays, of unfinished uploads neither. It takes as long as there is something, and what was removed when
   * the signal aborts stays removed.
   * @throws {Unavailable} @throws the signal's reason
   */
  removeAll(project: ProjectId, signal: AbortSignal): Promise<void>;
  /** Whoever asks first may have to wait until they are counted. @throws {Unavailable} @throws the signal's reason */
  taken(project: ProjectId, signal: AbortSignal): Promise<TakenByFiles>;
}
