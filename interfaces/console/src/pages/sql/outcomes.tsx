import { useEffect, useRef, useState, type ReactNode } from 'react';
import { ApiProblem } from '../../api/problem.ts';
import { durationText } from '../../components/amounts.tsx';
import { Notice } from '../../components/notice.tsx';
import { EmptyState } from '../../components/states.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { sqlPage as texts } from '../../texts/en/sql.ts';
import { PlanView } from './plan-view.tsx';
import { ResultView } from './result-view.tsx';
import { errorPlace, type Outcome } from './runs.ts';
import styles from './sql-page.module.css';

type Failed = Outcome & { state: 'failed' };

interface OutcomesProps {
  readonly project: string;
  readonly outcomes: readonly Outcome[];
  readonly textOf: () => string;
  /** once for each failure */
  readonly onFailed: (outcome: Failed) => void;
}

/** What came of each statement, the last one first in sight. */
export function Outcomes({ project, outcomes, textOf, onFailed }: OutcomesProps) {
  const failed = outcomes.find((outcome): outcome is Failed => outcome.state === 'failed');
  const told = useRef<Failed>(undefined);
  useEffect(() => {
    if (failed && told.current !== failed) onFailed(failed);
    told.current = failed;
  }, [failed, onFailed]);
  if (outcomes.length === 0)
    return (
      <div className={styles['results']}>
        <EmptyState icon="sql" title={texts.emptyTitle}>
          {texts.empty}
        </EmptyState>
      </div>
    );
  const [only] = outcomes;
  const panel = (outcome: Outcome) => <OutcomeView project={project} outcome={outcome} textOf={textOf} />;
  return (
    <section className={styles['results']} aria-label={texts.results}>
      <p role="status" className="aside">
        {outcomes.map(wordsOf).join('; ')}
      </p>
      {outcomes.length === 1 && only ? (
        panel(only)
      ) : (
        <Several
          // a run that fails opens at its failure
          key={failed ? outcomes.indexOf(failed) : -1}
          first={failed ? outcomes.indexOf(failed) : 0}
          outcomes={outcomes}
          panel={panel}
        />
      )}
    </section>
  );
}

interface SeveralProps {
  readonly first: number;
  readonly outcomes: readonly Outcome[];
  readonly panel: (outcome: Outcome) => ReactNode;
}

function Several({ first, outcomes, panel }: SeveralProps) {
  const [open, setOpen] = useState(String(first));
  const tabs = outcomes.map((outcome, at) => ({
    value: String(at),
    label: texts.result(at + 1, wordsOf(outcome)),
    panel: panel(outcome),
  }));
  return (
    <div className={styles['several']}>
      <Tabs
        label={texts.results}
        value={Number(open) < tabs.length ? open : '0'}
        onValueChange={setOpen}
        tabs={tabs}
      />
    </div>
  );
}

function wordsOf(outcome: Outcome): string {
  switch (outcome.state) {
    case 'waiting':
    case 'running':
      return texts.running;
    case 'skipped':
      return texts.notRun;
    case 'cancelled':
      return texts.cancelled;
    case 'failed':
      return texts.failed;
    case 'plan':
      return `EXPLAIN, ${durationText(outcome.result.duration_ms)}`;
    case 'done': {
      const { command, row_count: count, duration_ms: ms } = outcome.result;
      return `${texts.done(command ?? texts.noColumns, count)}, ${durationText(ms)}`;
    }
  }
}

interface OutcomeViewProps {
  readonly project: string;
  readonly outcome: Outcome;
  readonly textOf: () => string;
}

function OutcomeView({ project, outcome, textOf }: OutcomeViewProps) {
  if (outcome.state === 'done') return <ResultView project={project} result={outcome.result} />;
  if (outcome.state === 'plan') return <PlanView plan={outcome.plan} />;
  if (outcome.state === 'failed') return <Failure outcome={outcome} textOf={textOf} />;
  return <p className={styles['note']}>{wordsOf(outcome)} …</p>;
}

/** Why PostgreSQL refused it, and where. */
function Failure({ outcome, textOf }: { readonly outcome: Failed; readonly textOf: () => string }) {
  const { error, part } = outcome;
  const members = error instanceof ApiProblem ? error.members : {};
  const place = errorPlace(part, members['position']);
  const lines = place ? textOf().slice(0, place.from).split('\n') : null;
  const isWrite = part.explains && members['sqlstate'] === '25006';
  const more = [
    [texts.detail, members['sql_detail']],
    [texts.hint, members['hint']],
    [texts.sqlstate, members['sqlstate']],
  ] as const;
  return (
    <div className={styles['failure']}>
      <Notice tone="bad" error={isWrite ? texts.readOnlyAnalyze : error} />
      <dl className={styles['more']}>
        {lines && (
          <div>
            <dt>{texts.position(lines.length, (lines.at(-1)?.length ?? 0) + 1)}</dt>
          </div>
        )}
        {more.map(([name, value]) =>
          typeof value === 'string' ? (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
    </div>
  );
}
