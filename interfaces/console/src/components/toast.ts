/** Says in a word what has been done, or why it was not. What shows it is loaded when there is something to say. */
import { useSyncExternalStore } from 'react';
import { wordsOf } from '../api/words-of.ts';

export interface Said {
  readonly title: string;
  readonly description?: string;
  readonly type: 'done' | 'failed';
}

let waiting: readonly Said[] = [];
const listeners = new Set<() => void>();

function say(said: Said): void {
  waiting = [...waiting, said];
  for (const heard of listeners) heard();
}

/** What has to be acted on stands on the page instead. */
export const toast = {
  done: (title: string, description?: string): void =>
    say({ title, type: 'done', ...(description !== undefined && { description }) }),
  /** @param title what was wanted and did not happen */
  failed: (title: string, error: unknown): void =>
    say({ title, type: 'failed', description: wordsOf(error) }),
};

/** What nobody has shown yet. Whoever takes it shows it. */
export function takeSaid(): readonly Said[] {
  const taken = waiting;
  waiting = [];
  return taken;
}

function subscribe(heard: () => void): () => void {
  listeners.add(heard);
  return () => listeners.delete(heard);
}

export const useWaiting = (): readonly Said[] => useSyncExternalStore(subscribe, () => waiting);
