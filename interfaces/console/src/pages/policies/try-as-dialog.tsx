import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { ApiProblem } from '../../api/problem.ts';
import { sql, type SqlResult } from '../../api/sql.ts';
import { Button } from '../../components/button.tsx';
import { Combobox } from '../../components/combobox.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Select } from '../../components/select.tsx';
import { Checkbox } from '../../components/toggle.tsx';
import type { TablePolicies } from '../../data/catalogue.ts';
import { usersLike, type ProjectUser } from '../../data/project-users.ts';
import { qualified } from '../../data/quote.ts';
import { policies as texts } from '../../texts/en/policies.ts';
import { ResultView } from '../sql/result-view.tsx';
import { touchedRows, trial, type Visitor } from './try-as.ts';
import styles from './policies.module.css';

interface TryAsProps {
  readonly project: string;
  readonly table: TablePolicies | undefined;
  readonly onClose: () => void;
}

type Kind = Visitor['role'];
type Outcome =
  | { readonly kind: 'reads' | 'writes'; readonly result: SqlResult }
  | { readonly kind: 'failed'; readonly error: unknown };

const visitorOf = (kind: Kind, user: ProjectUser | undefined, second: boolean): Visitor | null => {
  if (kind !== 'authenticated') return { role: kind };
  return user ? { role: kind, ...user, aal: second ? 'aal2' : 'aal1' } : null;
};

/** Runs a statement with somebody else's rights; nothing of it stays. */
export function TryAs({ project, table, onClose }: TryAsProps) {
  const [kind, setKind] = useState<Kind>('anon');
  const [chosen, setChosen] = useState<string | null>(null);
  const [second, setSecond] = useState(false);
  const [text, setText] = useState(
    table ? `SELECT * FROM ${qualified(table.schema, table.name)} LIMIT 100` : '',
  );
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [busy, setBusy] = useState(false);
  const users = useQuery({ ...usersLike(project, ''), enabled: kind === 'authenticated' });
  const user = users.data?.find(({ id }) => id === chosen);
  const visitor = visitorOf(kind, user, second);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!visitor) return;
    setBusy(true);
    setOutcome(await attempt(project, visitor, text));
    setBusy(false);
  };
  return (
    <Dialog open wide passing title={texts.tryTitle} description={texts.tryWords} onOpenChange={onClose}>
      <form className={styles['form']} onSubmit={(event) => void submit(event)}>
        <div className={styles['pair']}>
          <Select
            label={texts.visitor}
            options={[
              { value: 'anon', label: texts.anon },
              { value: 'authenticated', label: texts.user },
              { value: 'service_role', label: texts.service },
            ]}
            value={kind}
            onValueChange={setKind}
          />
          {kind === 'authenticated' && (
            <Combobox
              label={texts.chooseUser}
              placeholder={texts.userPlaceholder}
              options={(users.data ?? []).map(({ id, email, phone }) => ({
                value: id,
                label: email ?? phone ?? id,
              }))}
              value={chosen}
              onValueChange={setChosen}
              {...(users.data?.length === 0 && { hint: texts.noUsers })}
              {...(users.isError && { error: texts.usersFailed })}
            />
          )}
        </div>
        {kind === 'authenticated' && (
          <Checkbox label={texts.aal} checked={second} onCheckedChange={setSecond} />
        )}
        <TextField
          label={texts.statement}
          rows={3}
          value={text}
          onValueChange={setText}
          spellCheck={false}
          mono
        />
        <div className={styles['end']}>
          <Button type="submit" look="primary" icon="play" busy={busy} disabled={!visitor}>
            {texts.run}
          </Button>
        </div>
      </form>
      <div role="status">{outcome && <Answer project={project} outcome={outcome} />}</div>
    </Dialog>
  );
}

async function attempt(project: string, visitor: Visitor, text: string): Promise<Outcome> {
  const sent = trial(visitor, text);
  if (sent.kind === 'refused') return { kind: 'failed', error: texts.refused[sent.reason] };
  try {
    return { kind: sent.kind, result: await sql(project, sent.sql) };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

/** PostgreSQL's word for a right that somebody does not have. */
const DENIED = '42501';

function Answer({ project, outcome }: { readonly project: string; readonly outcome: Outcome }) {
  if (outcome.kind === 'failed') {
    const { error } = outcome;
    const denied = error instanceof ApiProblem && error.members['sqlstate'] === DENIED;
    return <Notice tone="bad" error={error} {...(denied && { title: texts.denied })} />;
  }
  if (outcome.kind === 'writes') {
    const count = touchedRows(outcome.result.notices);
    return <Notice tone="good">{count === null ? texts.allowed : texts.touched(count)}</Notice>;
  }
  if (outcome.result.rows.length === 0) return <Notice>{texts.noRows}</Notice>;
  return (
    <div className={styles['rows']}>
      <ResultView project={project} result={outcome.result} />
    </div>
  );
}
