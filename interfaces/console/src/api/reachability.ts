/** Whether the platform answers. While it does not, it is asked every two seconds. */
import { useSyncExternalStore } from 'react';

const ASK_EVERY_MS = 2_000;
const listeners = new Set<() => void>();
let reachable = true;

function set(now: boolean): void {
  if (reachable === now) return;
  reachable = now;
  for (const heard of listeners) heard();
  if (!now) setTimeout(ask, ASK_EVERY_MS);
}

function ask(): void {
  fetch('/health', { cache: 'no-store' }).then(
    ({ ok }) => (ok ? set(true) : setTimeout(ask, ASK_EVERY_MS)),
    () => setTimeout(ask, ASK_EVERY_MS),
  );
}

export const noteAnswer = (): void => set(true);
export const noteSilence = (): void => set(false);

function subscribe(heard: () => void): () => void {
  listeners.add(heard);
  return () => listeners.delete(heard);
}

export const useReachable = (): boolean => useSyncExternalStore(subscribe, () => reachable);

/** @param then called whenever the platform answers again */
export const onReachableAgain = (then: () => void): (() => void) => subscribe(() => reachable && then());
