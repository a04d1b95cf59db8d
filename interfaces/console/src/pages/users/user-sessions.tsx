import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useAct } from '../../components/act.ts';
import { Section } from '../../components/page.tsx';
import { RelativeTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { user as texts } from '../../texts/en/users.ts';
import type { Session, User } from './auth-admin.ts';
import { deviceName } from './device-name.ts';
import { useUsers } from './use-users.ts';
import styles from './users.module.css';

/** Where a user is signed in. */
export function UserSessions({ user }: { readonly user: User }) {
  const { admin, sessions } = useUsers();
  const { act, tell } = useAct('users');
  const [asks, setAsks] = useState(false);
  const found = useQuery(sessions(user.id));
  const end: Column<Session> = {
    id: 'end',
    title: texts.end,
    hideTitle: true,
    align: 'end',
    cell: ({ id }) => (
      <Button small onClick={() => tell(texts.ended, texts.end, () => admin.endSessions(user.id, id))}>
        {texts.end}
      </Button>
    ),
  };
  return (
    <Section
      title={texts.sessions}
      description={texts.sessionsDescription}
      actions={
        (found.data?.length ?? 0) > 0 && (
          <Button small icon="sign-out" onClick={() => setAsks(true)}>
            {texts.endAll}
          </Button>
        )
      }
    >
      {found.isError ? (
        <ErrorState title={texts.notRead} error={found.error} retry={() => void found.refetch()} />
      ) : found.isPending ? (
        <SkeletonRows rows={1} />
      ) : (
        <DataTable
          label={texts.sessions}
          columns={[...COLUMNS, end]}
          rows={found.data}
          rowKey={({ id }) => id}
          empty={<p className={styles['soft']}>{texts.sessionsNone}</p>}
        />
      )}
      <ConfirmDialog
        open={asks}
        onOpenChange={setAsks}
        title={texts.endAllTitle}
        description={texts.endAllDescription}
        action={texts.endAll}
        danger
        onConfirm={() => act(texts.ended, () => admin.endSessions(user.id, null))}
      />
    </Section>
  );
}

const levelOf = (aal: string): string =>
  aal in texts.levels ? texts.levels[aal as keyof typeof texts.levels] : aal;

const COLUMNS: readonly Column<Session>[] = [
  {
    id: 'device',
    title: texts.device,
    cell: ({ user_agent: agent, ip }) => (
      <span className={styles['name']} title={agent}>
        {agent === undefined ? texts.unknownDevice : deviceName(agent)}
        <span className={styles['soft']}>{ip}</span>
      </span>
    ),
  },
  { id: 'level', title: texts.level, wideOnly: true, cell: ({ aal }) => levelOf(aal) },
  {
    id: 'created',
    title: texts.createdAt,
    wideOnly: true,
    cell: ({ created_at: at }) => <RelativeTime at={at} />,
  },
  {
    id: 'used',
    title: texts.used,
    wideOnly: true,
    cell: ({ created_at: made, refreshed_at: used }) => <RelativeTime at={used ?? made} />,
  },
];
