/**
 * A log to try a command on: it shows what is there, and what is appended is kept here alone. So whatever the command
 * would be told, the one who tries it is told, by the same code.
 */
import type { Recorded } from '../../domain/decider.ts';
import type { ProjectEvent } from '../../domain/project/events.ts';
import { projectOfStream } from '../../domain/project/project-id.ts';
import { readOrEmpty, recorded } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  Appended,
  CommandLog,
  ExpectedRevision,
  NewEvent,
  ReadStreamOptions,
  StoredEvent,
} from '../ports/event-store.ts';

export interface Rehearsed {
  /** of the project before the command */
  readonly history: readonly Recorded<ProjectEvent>[];
  /** what the command would record of it */
  readonly events: readonly Recorded<ProjectEvent>[];
}

interface Append {
  readonly stream: string;
  readonly revision: number;
  readonly events: readonly NewEvent[];
}

export class Rehearsal implements CommandLog {
  readonly #log: Pick<CommandLog, 'readStream'>;
  readonly #clock: Clock;
  /** a command's own is the last one: what goes before it makes way for it */
  #last: Append | undefined;

  constructor(log: Pick<CommandLog, 'readStream'>, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  readStream(stream: string, options?: ReadStreamOptions): Promise<readonly StoredEvent[]> {
    return this.#log.readStream(stream, options);
  }

  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<Appended> {
    const revision = typeof expected === 'number' ? expected : -1;
    this.#last = { stream, revision, events };
    return Promise.resolve({ revision: revision + events.length, position: 0n });
  }

  /** @returns undefined: the command would record nothing of a project */
  async outcome(): Promise<Rehearsed | undefined> {
    if (!this.#last || projectOfStream(this.#last.stream) === undefined) return undefined;
    const { stream, revision, events } = this.#last;
    const before = revision < 0 ? [] : await readOrEmpty(this.#log, stream, { to: revision });
    const recordedAt = this.#clock.now();
    return {
      history: recorded<ProjectEvent>(before),
      events: events.map(
        ({ type, data }, at) =>
          ({ type, data, revision: revision + 1 + at, recordedAt }) as Recorded<ProjectEvent>,
      ),
    };
  }
}
