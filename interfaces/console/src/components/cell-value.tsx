import { classes } from './classes.ts';
import styles from './cell-value.module.css';

interface CellValueProps {
  /** null is NULL, and an empty text is told from it */
  readonly value: string | null;
  readonly kind: string;
  readonly clipped?: boolean;
}

/** A value of the database in a cell: one line, as PostgreSQL prints it. */
export function CellValue({ value, kind, clipped = false }: CellValueProps) {
  if (value === null) return <span className={styles['null']}>NULL</span>;
  if (value === '') return <span className={styles['empty']} aria-label="''" />;
  return (
    <span className={classes(styles['value'], styles[kind])}>
      {value.replaceAll(/\r?\n/g, '⏎')}
      {clipped && '…'}
    </span>
  );
}
