import { useQuery } from '@tanstack/react-query';
import { ApiKeys } from './api-keys.tsx';
import { DatabasePassword } from './database-password.tsx';
import { Section } from '../../components/page.tsx';
import { ExactTime, RelativeTime } from '../../components/amounts.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { Badge } from '../../components/status.tsx';
import { keys as texts, settings } from '../../texts/en/settings.ts';
import styles from './settings.module.css';
import { SignByNewKey } from './sign-by-new-key.tsx';
import { useSettings, type SigningKey } from './use-settings.ts';

/** What is secret in a project, and how it is made anew. */
export function KeySettings() {
  return (
    <div className={styles['sections']}>
      <ApiKeys />
      <SigningKeys />
      <DatabasePassword />
    </div>
  );
}

function SigningKeys() {
  const { queries } = useSettings();
  const found = useQuery(queries.signingKeys);
  return (
    <Section title={texts.signing} description={texts.signingDescription} actions={<SignByNewKey />}>
      {found.isError ? (
        <ErrorState title={settings.notRead} error={found.error} retry={() => void found.refetch()} />
      ) : found.isPending ? (
        <SkeletonRows rows={2} />
      ) : (
        <DataTable
          label={texts.signing}
          columns={COLUMNS}
          rows={found.data.signing_keys}
          rowKey={({ kid }) => kid ?? ''}
        />
      )}
    </Section>
  );
}

const COLUMNS: readonly Column<SigningKey>[] = [
  { id: 'algorithm', title: texts.algorithm, cell: ({ algorithm }) => algorithm },
  {
    id: 'status',
    title: texts.status,
    cell: ({ status }) => <Badge tone={status === 'signs' ? 'good' : 'calm'}>{texts.statuses[status]}</Badge>,
  },
  {
    id: 'kid',
    title: texts.kid,
    wideOnly: true,
    cell: ({ kid }) => (kid === null ? texts.secret : <code>{kid}</code>),
  },
  { id: 'made', title: texts.madeAt, wideOnly: true, cell: ({ made_at: at }) => <RelativeTime at={at} /> },
  {
    id: 'until',
    title: texts.validUntil,
    cell: ({ valid_until: at }) => (at === null ? '' : <ExactTime at={at} />),
  },
];
