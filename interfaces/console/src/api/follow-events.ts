/** Server-Sent Events that go on after a lost connection at the event after the last one that came: without a gap. */
import { ApiProblem } from './problem.ts';
import { send } from './send.ts';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** the platform shows every 15 s that it is there */
const SILENCE_MS = 40_000;

export interface StreamEvent {
  readonly id: string;
  readonly event: string;
  /** its JSON */
  readonly data: unknown;
}

export interface Following {
  /** from after this one; default: from the first */
  readonly after?: string;
  readonly onEvent: (event: StreamEvent) => void;
  /** whether it is connected */
  readonly onState?: (live: boolean) => void;
  /** the platform says that there is nothing to follow (any more); it is over then */
  readonly onProblem?: (problem: ApiProblem) => void;
}

/** @returns ends it */
export function followEvents(path: string, following: Following): () => void {
  const ending = new AbortController();
  void follow(path, following, ending.signal);
  return () => ending.abort();
}

async function follow(path: string, following: Following, signal: AbortSignal): Promise<void> {
  let last = following.after;
  let waitMs = FIRST_WAIT_MS;
  while (!signal.aborted) {
    try {
      await readOnce(path, last, signal, (event) => {
        if (event === 'open') {
          following.onState?.(true);
          waitMs = FIRST_WAIT_MS;
          return;
        }
        if (event.id !== '') last = event.id;
        following.onEvent(event);
      });
    } catch (error) {
      if (signal.aborted) return;
      // whose session has ended may sign in again
      if (error instanceof ApiProblem && error.status < 500 && ![401, 429].includes(error.status)) {
        following.onProblem?.(error);
        return;
      }
    }
    if (signal.aborted) return;
    following.onState?.(false);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }
}

async function readOnce(
  path: string,
  last: string | undefined,
  signal: AbortSignal,
  heard: (event: StreamEvent | 'open') => void,
): Promise<void> {
  const silent = new AbortController();
  const headers = { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) };
  const response = await send(path, { headers, signal: AbortSignal.any([signal, silent.signal]) });
  heard('open');
  const lines = new EventLines(heard);
  let clock: ReturnType<typeof setTimeout> | undefined;
  try {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      clearTimeout(clock);
      clock = setTimeout(() => silent.abort(), SILENCE_MS);
      const read = await reader?.read();
      if (!read || read.done) return;
      lines.take(read.value);
    }
  } finally {
    clearTimeout(clock);
  }
}

/** The lines of `text/event-stream`, however they are cut. */
export class EventLines {
  readonly #heard: (event: StreamEvent) => void;
  #rest = '';
  #event = { id: '', event: 'message', data: '' };

  constructor(heard: (event: StreamEvent) => void) {
    this.#heard = heard;
  }

  take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line.replace(/\r$/, ''));
  }

  #line(line: string): void {
    if (line === '') return this.#dispatch();
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === 'id' || field === 'event') this.#event[field] = value;
    if (field === 'data') this.#event.data += this.#event.data === '' ? value : `\n${value}`;
  }

  #dispatch(): void {
    const { data, ...event } = this.#event;
    this.#event = { id: '', event: 'message', data: '' };
    if (data !== '') this.#heard({ ...event, data: JSON.parse(data) as unknown });
  }
}
