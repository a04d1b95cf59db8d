import { components as texts } from '../texts/en/components.ts';
import { Button } from './button.tsx';
import styles from './data-table.module.css';

interface PaginationProps {
  /** of the first row on this page, from 1 */
  readonly from: number;
  /** of the last one */
  readonly to: number;
  readonly of?: number | undefined;
  readonly onPrevious?: (() => void) | undefined;
  readonly onNext?: (() => void) | undefined;
}

/** Which rows these are, and the way to those before and after. */
export function Pagination({ from, to, of, onPrevious, onNext }: PaginationProps) {
  return (
    <nav className={styles['pagination']} aria-label={texts.page(from, to, of)}>
      <span className={styles['where']}>{texts.page(from, to, of)}</span>
      <Button small icon="back" onClick={onPrevious} disabled={!onPrevious}>
        {texts.previous}
      </Button>
      <Button small onClick={onNext} disabled={!onNext}>
        {texts.next}
      </Button>
    </nav>
  );
}
