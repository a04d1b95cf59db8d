/** Dark or light: as the system has it, or as this browser was told. */
import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark';
const KEY = 'launchdb-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function readTheme(): Theme {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return dark.matches ? 'dark' : 'light';
}

/** What this browser was told is in force before anything is painted. */
export function restoreTheme(): void {
  const kept = localStorage.getItem(KEY);
  if (kept === 'light' || kept === 'dark') document.documentElement.dataset['theme'] = kept;
}

export function setTheme(theme: Theme): void {
  const isSystems = theme === (dark.matches ? 'dark' : 'light');
  // whoever goes back to what the system has follows it again
  if (isSystems) {
    delete document.documentElement.dataset['theme'];
    localStorage.removeItem(KEY);
  } else {
    document.documentElement.dataset['theme'] = theme;
    localStorage.setItem(KEY, theme);
  }
  for (const heard of listeners) heard();
}

function subscribe(heard: () => void): () => void {
  listeners.add(heard);
  dark.addEventListener('change', heard);
  return () => {
    listeners.delete(heard);
    dark.removeEventListener('change', heard);
  };
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, readTheme);
