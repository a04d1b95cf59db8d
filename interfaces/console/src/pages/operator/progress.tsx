import styles from './operator.module.css';

interface ProgressProps {
  readonly done: number;
  readonly total: number;
  /** what it is of, read out */
  readonly label: string;
}

/** How far something is that goes on by itself. */
export function Progress({ done, total, label }: ProgressProps) {
  const part = total === 0 ? 0 : Math.min(1, done / total);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(part * 100)}
      className={styles['progress']}
    >
      <div style={{ width: `${part * 100}%` }} />
    </div>
  );
}
