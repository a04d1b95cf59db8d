import { Section } from '../../components/page.tsx';
import { RelativeTime } from '../../components/amounts.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Badge, type Tone } from '../../components/status.tsx';
import { migrations as texts } from '../../texts/en/migrations.ts';
import styles from './migrations.module.css';
import type { Attempt } from './use-migrations.ts';

/** Of all of them, or of one. */
export function History({ rows, ofOne }: { readonly rows: readonly Attempt[]; readonly ofOne?: true }) {
  return (
    <Section title={texts.history} description={texts.historyWords}>
      <DataTable
        label={texts.history}
        columns={ofOne ? HISTORY.filter(({ id }) => id !== 'name') : HISTORY}
        rows={rows}
        rowKey={({ at, type, version }) => `${at} ${type} ${version}`}
        empty={<p className={styles['soft']}>{texts.historyNone}</p>}
      />
    </Section>
  );
}

function toneOf({ type, outcome }: Attempt): Tone {
  if (type === 'MigrationFailed' || (type === 'MigrationRehearsed' && outcome !== 'ok')) return 'bad';
  return type === 'MigrationApplied' ? 'good' : 'calm';
}

const HISTORY: readonly Column<Attempt>[] = [
  { id: 'name', title: texts.columns.name, cell: ({ name }) => <code>{name}</code> },
  {
    id: 'what',
    title: texts.columns.what,
    cell: (attempt) => <Badge tone={toneOf(attempt)}>{texts.attempts[attempt.type]}</Badge>,
  },
  {
    id: 'outcome',
    title: texts.columns.outcome,
    wideOnly: true,
    cell: ({ outcome }) => (outcome === 'ok' ? texts.fine : outcome),
  },
  {
    id: 'who',
    title: texts.columns.who,
    wideOnly: true,
    cell: ({ actor: { kind } }) => (kind === 'owner' ? texts.actors.owner : texts.actors.system),
  },
  { id: 'when', title: texts.columns.when, cell: ({ at }) => <RelativeTime at={at} /> },
];
