import { ApiProblem } from '../../api/problem.ts';
import { durationText } from '../../components/amounts.tsx';
import { Notice } from '../../components/notice.tsx';
import { Badge } from '../../components/status.tsx';
import { newMigration as texts } from '../../texts/en/migrations.ts';
import styles from './migrations.module.css';
import type { Results } from './use-migrations.ts';

export type Outcome = { readonly results: Results } | { readonly error: unknown };

export function MigrationOutcome({ outcome }: { readonly outcome: Outcome | null }) {
  if (outcome === null) return null;
  if ('error' in outcome) return <Refused error={outcome.error} />;
  return (
    <ul className={styles['files']} role="status">
      {outcome.results.map(({ name, outcome: how, duration_ms: ms }) => (
        <li key={name} className={styles['file']}>
          <Badge tone={how === 'skipped' ? 'calm' : 'good'}>{texts.outcomes[how]}</Badge>
          <code>{name}</code>
          {how !== 'skipped' && <span className={styles['soft']}>{texts.took(durationText(ms))}</span>}
        </li>
      ))}
    </ul>
  );
}

function Refused({ error }: { readonly error: unknown }) {
  if (!(error instanceof ApiProblem) || typeof error.members['file'] !== 'string')
    return <Notice tone="bad" error={error} />;
  const { file, line, column, hint, sql_detail: detail, applied } = error.members;
  const place = typeof line === 'number' ? texts.line(line, typeof column === 'number' ? column : null) : '';
  const before = Array.isArray(applied) ? applied.join(', ') : '';
  return (
    <Notice tone="bad" title={texts.failedAt(String(file), place)}>
      <div className={styles['result']}>
        <p>{error.message}</p>
        {typeof detail === 'string' && <p>{detail}</p>}
        {typeof hint === 'string' && (
          <p>
            {texts.hint}: {hint}
          </p>
        )}
        {before !== '' && <p>{texts.stayed(before)}</p>}
      </div>
    </Notice>
  );
}
