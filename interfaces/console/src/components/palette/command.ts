import type { IconName } from '../icon.tsx';
import { palette as texts } from '../../texts/en/palette.ts';
import { bestOf } from './fuzzy.ts';

/** What a palette offers. */
export interface Command {
  readonly id: string;
  readonly label: string;
  /** what kind of thing it is, read and searched with its label */
  readonly note: string;
  readonly icon: IconName;
  /** where it leads, or what it does */
  readonly does: string | (() => void);
}

/** What can be done from anywhere. */
export const action = (id: string, label: string, icon: IconName, does: Command['does']): Command => ({
  id,
  label,
  note: texts.action,
  icon,
  does,
});

/** As many as anybody reads. */
export const MOST = 50;

/** Those that fit to what is typed, the best first. */
export const bestCommands = (wanted: string, all: readonly Command[]): readonly Command[] =>
  bestOf(wanted, all, ({ label, note }) => `${label} ${note}`).slice(0, MOST);
