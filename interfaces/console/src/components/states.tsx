import type { ReactNode } from 'react';
import { components as texts } from '../texts/en/components.ts';
import { Button } from './button.tsx';
import { classes } from './classes.ts';
import { Icon, type IconName } from './icon.tsx';
import styles from './states.module.css';
import { wordsOf } from '../api/words-of.ts';

interface StateProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  /** it is all that there is of a page */
  readonly whole?: boolean;
}

/** Nothing is there yet: what it would be, and how to make one. */
export function EmptyState({ icon, title, children, action, whole }: StateProps) {
  const Title = whole ? 'h1' : 'p';
  return (
    <div className={styles['state']}>
      <span className={styles['icon']}>
        <Icon name={icon} size={22} />
      </span>
      <Title className={styles['title']}>{title}</Title>
      {children !== undefined && <div className={styles['words']}>{children}</div>}
      {action}
    </div>
  );
}

/** It could not be had: why, and the button that tries again. */
export function ErrorState({
  title,
  error,
  retry,
}: {
  readonly title: string;
  readonly error: unknown;
  readonly retry?: () => void;
}) {
  return (
    <div className={styles['state']} role="alert">
      <span className={classes(styles['icon'], styles['bad'])}>
        <Icon name="warning" size={22} />
      </span>
      <p className={styles['title']}>{title}</p>
      <div className={styles['words']}>{wordsOf(error)}</div>
      {retry && (
        <Button icon="refresh" onClick={retry}>
          {texts.tryAgain}
        </Button>
      )}
    </div>
  );
}

interface SkeletonProps {
  /** as CSS has it; default: all that there is */
  readonly width?: string;
  readonly height?: string;
}

/** Holds the place of what is being read, so that nothing moves when it comes. */
export function Skeleton({ width = '100%', height = '1em' }: SkeletonProps) {
  return <span className={styles['skeleton']} style={{ width, height }} aria-hidden="true" />;
}

/** @param rows how many lines of about that height are being read */
export function SkeletonRows({
  rows = 5,
  height = '44px',
}: {
  readonly rows?: number;
  readonly height?: string;
}) {
  return (
    <div className={styles['rows']} role="status">
      <span className="aside">{texts.loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} />
      ))}
    </div>
  );
}
