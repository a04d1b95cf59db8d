/** What takes long and is done once at a time, on the whole platform. */
export type WorkName = 'replay' | 'verify';

/** How far it is: `done` of `total`, of what. */
export interface WorkProgress {
  /** of what it is at: the name of a view, the log */
  readonly at: string;
  /** in words: `reading`, `comparing` */
  readonly doing: string;
  readonly done: number;
  readonly total: number;
  /** null: not known yet */
  readonly secondsLeft: number | null;
}

export interface WorkReport {
  readonly work: WorkName;
  readonly state: 'running' | 'done' | 'failed';
  readonly startedAt: Date;
  /** who asked for it */
  readonly by: string;
  readonly endedAt: Date | null;
  readonly progress: WorkProgress | null;
  /** JSON; of one that is done */
  readonly result: unknown;
  /** of one that failed, or whose process died in it */
  readonly error: string | null;
}

export type WorkEnd = Pick<WorkReport, 'result' | 'error'> & {
  readonly state: 'done' | 'failed';
  readonly endedAt: Date;
};

export interface BegunWork {
  /** As often as one likes: of what comes quickly the last word counts. Never throws. */
  tell(progress: WorkProgress): void;
  /** Another one may begin after it. @throws {Unavailable} nobody hears how it ended, but that it did */
  end(how: WorkEnd): Promise<void>;
}

/** Where every process of the platform sees which work is under way, and how the last of each kind ended. */
export interface WorkBoard {
  /** @returns undefined: one of that kind is under way, in whatever process. @throws {Unavailable} */
  begin(work: WorkName, by: string, startedAt: Date): Promise<BegunWork | undefined>;
  /** One whose process has died is told of as failed. @throws {Unavailable} */
  read(): Promise<readonly WorkReport[]>;
}
