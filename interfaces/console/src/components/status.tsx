import type { ReactNode } from 'react';
import { status as texts } from '../texts/en/components.ts';
import { classes } from './classes.ts';
import styles from './status.module.css';

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'calm';
export type ProjectStatus = keyof typeof texts;

const TONES: Readonly<Record<ProjectStatus, Tone>> = {
  provisioning: 'busy',
  spare: 'calm',
  active: 'good',
  pausing: 'busy',
  paused: 'calm',
  resuming: 'busy',
  sleeping: 'calm',
  waking: 'busy',
  failed: 'bad',
  suspended: 'bad',
  deleting: 'busy',
  deleted: 'warn',
  purging: 'busy',
  purged: 'calm',
};

/** Something is under way, which will end by itself. */
export const isUnderWay = (status: ProjectStatus): boolean => TONES[status] === 'busy';

/** A project's status: a dot that moves while something does, and a word. */
export function Status({ status, plain }: { readonly status: ProjectStatus; readonly plain?: boolean }) {
  const tone = TONES[status];
  return (
    <span className={classes(styles['status'], styles[tone], plain && styles['plain'])} data-status={status}>
      <span className={styles['dot']} aria-hidden="true" />
      {texts[status]}
    </span>
  );
}

/** A short word with a colour that says how it is meant. */
export function Badge({ tone = 'calm', children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  return <span className={classes(styles['badge'], styles[tone])}>{children}</span>;
}
