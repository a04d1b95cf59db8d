import { useState } from 'react';
import { wordsOf } from '../../api/words-of.ts';
import { Button } from '../../components/button.tsx';
import { toast } from '../../components/toast.ts';
import type { Table } from '../../data/catalogue.ts';
import { rows as texts } from '../../texts/en/tables.ts';
import { MOST_ROWS, type RowSource, type Total } from './row-source.ts';
import styles from './rows-view.module.css';

interface RowsFootProps {
  readonly table: Table;
  readonly source: RowSource;
  readonly filtered: boolean;
  readonly editable: boolean;
  readonly noKey: boolean;
}

const number = (rows: number) => rows.toLocaleString('en');
/** What is guessed has no more than two digits that say something. */
const about = (rows: number) => number(Number(rows.toPrecision(2)));

/** How many rows there are, and what cannot be done with them. */
export function RowsFoot({ table, source, filtered, editable, noKey }: RowsFootProps) {
  const [counting, setCounting] = useState(false);
  const { total } = source;
  const count = async () => {
    setCounting(true);
    await source.count().catch((error: unknown) => toast.failed(texts.exactly, error));
    setCounting(false);
  };
  const why = table.own ? (table.kind === 'foreign' ? 'foreign' : 'view') : 'platform';
  return (
    <footer className={styles['foot']}>
      <span role="status">{total && sizeOf(total, table.estimate !== null && !filtered)}</span>
      {total && !total.exact && (
        <Button small look="quiet" busy={counting} onClick={() => void count()}>
          {texts.exactly}
        </Button>
      )}
      {source.error !== null && source.started && (
        <span role="alert" className={styles['failed']}>
          {texts.failed}: {wordsOf(source.error)}{' '}
          <Button small look="quiet" icon="refresh" onClick={() => source.retry()}>
            {texts.again}
          </Button>
        </span>
      )}
      {total && total.rows > MOST_ROWS && <span>{texts.capped(number(MOST_ROWS))}</span>}
      {!editable && <span>{texts.readOnlyWhy[why]}</span>}
      {editable && noKey && <span>{texts.noKey}</span>}
    </footer>
  );
}

/** Without statistics, or with conditions, what the planner guesses may be anything: that is no number to show. */
function sizeOf({ rows, exact }: Total, isGuessGood: boolean): string {
  if (exact) return rows === 1 ? texts.one : texts.counted(number(rows));
  return isGuessGood ? texts.estimated(about(rows)) : texts.uncounted;
}
