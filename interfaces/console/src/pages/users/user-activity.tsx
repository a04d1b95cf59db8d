import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Section } from '../../components/page.tsx';
import { RelativeTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { user as texts } from '../../texts/en/users.ts';
import type { User } from './auth-admin.ts';
import { useUsers, type Activity } from './use-users.ts';
import styles from './users.module.css';

/** Read only when asked for: it is SQL in the project's database, which its trail tells. */
export function UserActivity({ user }: { readonly user: User }) {
  const { activity } = useUsers();
  const [isShown, setShown] = useState(false);
  const found = useQuery({ ...activity(user.id), enabled: isShown });
  return (
    <Section
      title={texts.activity}
      description={texts.activityDescription}
      actions={
        !isShown && (
          <Button small icon="log" onClick={() => setShown(true)}>
            {texts.activityShow}
          </Button>
        )
      }
    >
      {!isShown ? null : found.isError ? (
        <ErrorState title={texts.notRead} error={found.error} retry={() => void found.refetch()} />
      ) : found.isPending ? (
        <SkeletonRows rows={3} />
      ) : (
        <DataTable
          label={texts.activity}
          columns={COLUMNS}
          rows={found.data}
          rowKey={({ at, action }) => `${at} ${action}`}
          empty={<p className={styles['soft']}>{texts.activityNone}</p>}
        />
      )}
    </Section>
  );
}

const COLUMNS: readonly Column<Activity>[] = [
  { id: 'what', title: texts.what, cell: ({ action }) => <code>{action}</code> },
  { id: 'by', title: texts.by, cell: ({ actor }) => actor },
  { id: 'ip', title: texts.address, wideOnly: true, cell: ({ ip }) => ip },
  { id: 'when', title: texts.when, cell: ({ at }) => <RelativeTime at={at} /> },
];
