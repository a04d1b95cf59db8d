import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { isProblem } from '../../api/problem.ts';
import { PageHeader, Section, useTitle } from '../../components/page.tsx';
import { RelativeTime } from '../../components/amounts.tsx';
import { buttonClass } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { KeyValueList } from '../../components/key-value.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { user as texts } from '../../texts/en/users.ts';
import type { Identity, User } from './auth-admin.ts';
import { UserAccount } from './user-account.tsx';
import { UserActions } from './user-actions.tsx';
import { UserActivity } from './user-activity.tsx';
import { UserBadge } from './user-badge.tsx';
import { UserFactors } from './user-factors.tsx';
import { UserMetadata } from './user-metadata.tsx';
import { UserSessions } from './user-sessions.tsx';
import { nameOfUser } from './user-state.ts';
import { useUsers } from './use-users.ts';
import styles from './users.module.css';

export function UserPage({ id }: { readonly id: string }) {
  const { project, one } = useUsers();
  const found = useQuery(one(id));
  if (found.isPending) return <SkeletonRows rows={6} />;
  if (found.isError) {
    const back = (
      <Link href={`/projects/${project}/users`} className={buttonClass()}>
        {texts.back}
      </Link>
    );
    if (isProblem(found.error, 'user_not_found'))
      return <EmptyState icon="users" title={texts.notFound} action={back} />;
    return <ErrorState title={texts.notRead} error={found.error} retry={() => void found.refetch()} />;
  }
  return <Shown user={found.data} />;
}

function Shown({ user }: { readonly user: User }) {
  useTitle(nameOfUser(user));
  return (
    <>
      <PageHeader
        title={nameOfUser(user)}
        beside={<UserBadge user={user} />}
        actions={<UserActions user={user} />}
      />
      <div className={styles['sections']}>
        <div className={styles['halves']}>
          <Section title={texts.details}>
            <Details user={user} />
          </Section>
          {/* what was typed for another user, or before a change, is not for this one */}
          <UserAccount key={`${user.id} ${user.updated_at}`} user={user} />
        </div>
        <UserSessions user={user} />
        <div className={styles['halves']}>
          <UserFactors user={user} />
          <Section title={texts.identities}>
            <DataTable
              label={texts.identities}
              columns={IDENTITIES}
              rows={user.identities}
              rowKey={({ identity_id: id }) => id}
              empty={<p className={styles['soft']}>{texts.identitiesNone}</p>}
            />
          </Section>
        </div>
        <UserMetadata key={user.id} user={user} />
        <UserActivity user={user} />
      </div>
    </>
  );
}

function Details({ user }: { readonly user: User }) {
  const time = (at: string | undefined, otherwise: string = texts.no) =>
    at === undefined ? otherwise : <RelativeTime at={at} />;
  const some = (key: string, value: string | undefined) =>
    value === undefined ? [] : [{ key, value: time(value) }];
  return (
    <KeyValueList
      items={[
        {
          key: texts.id,
          value: (
            <>
              <code>{user.id}</code> <CopyButton what={user.id} />
            </>
          ),
        },
        { key: texts.role, value: user.role },
        ...(user.new_email === undefined ? [] : [{ key: texts.newEmail, value: user.new_email }]),
        { key: texts.confirmedAt, value: time(user.confirmed_at) },
        ...some(texts.invitedAt, user.invited_at),
        { key: texts.lastSignIn, value: time(user.last_sign_in_at) },
        ...some(texts.bannedUntil, user.banned_until),
        { key: texts.createdAt, value: time(user.created_at) },
      ]}
    />
  );
}

const IDENTITIES: readonly Column<Identity>[] = [
  { id: 'provider', title: texts.provider, cell: ({ provider }) => provider },
  { id: 'email', title: texts.address, cell: ({ email }) => email ?? '' },
  {
    id: 'used',
    title: texts.lastSignIn,
    wideOnly: true,
    cell: ({ last_sign_in_at: at }) => (at === undefined ? '' : <RelativeTime at={at} />),
  },
];
