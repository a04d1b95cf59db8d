import type { TaskReport } from './background.ts';

/** A task of some process of the platform. */
export interface ToldTask extends TaskReport {
  /** the roles of that process */
  readonly process: string;
}

/** What runs again and again in every process of the platform, as each of them tells it now and then. */
export interface TaskBoard {
  /** @throws {Unavailable} */
  tell(process: string, tasks: readonly TaskReport[]): Promise<void>;
  /** Those that were told of in the last minutes. @throws {Unavailable} */
  read(): Promise<readonly ToldTask[]>;
}
