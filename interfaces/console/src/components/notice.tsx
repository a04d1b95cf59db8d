import type { ReactNode } from 'react';
import { classes } from './classes.ts';
import { Icon, type IconName } from './icon.tsx';
import styles from './notice.module.css';
import type { Tone } from './status.tsx';
import { wordsOf } from '../api/words-of.ts';

const ICONS: Readonly<Record<Tone, IconName>> = {
  good: 'check',
  warn: 'warning',
  bad: 'warning',
  busy: 'info',
  calm: 'info',
};

interface NoticeProps {
  readonly tone?: Tone;
  readonly title?: string;
  /** in place of `children`: what it says of itself */
  readonly error?: unknown;
  readonly children?: ReactNode;
  /** what helps: a button, a link */
  readonly action?: ReactNode;
}

/** Something to know where it matters. Of an error it is read out at once. */
export function Notice({ tone = 'calm', title, error, children, action }: NoticeProps) {
  return (
    <div role={tone === 'bad' ? 'alert' : undefined} className={classes(styles['notice'], styles[tone])}>
      <span className={styles['icon']}>
        <Icon name={ICONS[tone]} />
      </span>
      <div className={styles['words']}>
        {title !== undefined && <p className={styles['title']}>{title}</p>}
        {(children !== undefined || error !== undefined) && <div>{children ?? wordsOf(error)}</div>}
      </div>
      {action}
    </div>
  );
}
