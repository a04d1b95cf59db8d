import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Route, Switch, useLocation, useSearchParams } from 'wouter';
import { PageHeader } from '../../components/page.tsx';
import { RelativeTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { TextField } from '../../components/field.tsx';
import { Icon } from '../../components/icon.tsx';
import { Menu, MenuItem } from '../../components/menu.tsx';
import { Pagination } from '../../components/pagination.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { users as texts } from '../../texts/en/users.ts';
import type { User } from './auth-admin.ts';
import { CreateUser } from './create-user.tsx';
import { InviteUser } from './invite-user.tsx';
import { MakeLink } from './make-link.tsx';
import { PER_PAGE, useUsers } from './use-users.ts';
import { UserBadge } from './user-badge.tsx';
import { UserPage } from './user.tsx';
import { nameOfUser } from './user-state.ts';
import styles from './users.module.css';

const TYPED_MS = 300;
type Opened = 'create' | 'invite' | 'link' | null;

export default function Users() {
  return (
    <Switch>
      <Route path="/projects/:project/users/:user">{({ user }) => <UserPage id={user} />}</Route>
      <Route>
        <AllUsers />
      </Route>
    </Switch>
  );
}

function AllUsers() {
  const [opened, setOpened] = useState<Opened>(null);
  const dialog = (which: Opened) => ({
    open: opened === which,
    onOpenChange: (open: boolean) => setOpened(open ? which : null),
  });
  const trigger = (
    <Button look="primary" icon="plus">
      {texts.add}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={texts.title}
        description={texts.description}
        actions={
          <Menu trigger={trigger}>
            <MenuItem icon="plus" onSelect={() => setOpened('create')}>
              {texts.create}
            </MenuItem>
            <MenuItem icon="account" onSelect={() => setOpened('invite')}>
              {texts.invite}
            </MenuItem>
            <MenuItem icon="key" onSelect={() => setOpened('link')}>
              {texts.link}
            </MenuItem>
          </Menu>
        }
      />
      <UserList onCreate={() => setOpened('create')} />
      <CreateUser {...dialog('create')} />
      <InviteUser {...dialog('invite')} />
      <MakeLink {...dialog('link')} email="" />
    </>
  );
}

function UserList({ onCreate }: { readonly onCreate: () => void }) {
  const { list, project } = useUsers();
  const [, go] = useLocation();
  const [search, setSearch] = useSearchParams();
  const filter = search.get('q') ?? '';
  const page = Math.max(1, Number(search.get('page') ?? '1') || 1);
  const found = useQuery(list(page, filter));
  const turn = (to: number) =>
    setSearch({ ...(filter !== '' && { q: filter }), ...(to > 1 && { page: String(to) }) });
  const people = found.data?.users ?? [];
  const total = found.data?.total ?? 0;
  const from = (page - 1) * PER_PAGE + 1;
  return (
    <>
      <Search value={filter} onChange={(q) => setSearch(q === '' ? {} : { q }, { replace: true })} />
      {found.isError ? (
        <ErrorState title={texts.notRead} error={found.error} retry={() => void found.refetch()} />
      ) : found.isPending ? (
        <SkeletonRows />
      ) : (
        <DataTable
          label={texts.list}
          columns={COLUMNS}
          rows={people}
          rowKey={({ id }) => id}
          onOpen={({ id }) => go(`/projects/${project}/users/${id}`)}
          empty={<Nobody searched={filter !== ''} onCreate={onCreate} />}
        />
      )}
      {total > PER_PAGE && (
        <Pagination
          from={from}
          to={Math.min(total, from + people.length - 1)}
          of={total}
          onPrevious={page > 1 ? () => turn(page - 1) : undefined}
          onNext={page * PER_PAGE < total ? () => turn(page + 1) : undefined}
        />
      )}
    </>
  );
}

/** Asks when nobody has typed for a moment. */
function Search({ value, onChange }: { readonly value: string; readonly onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => {
    if (text.trim() === value) return undefined;
    const typed = setTimeout(() => onChange(text.trim()), TYPED_MS);
    return () => clearTimeout(typed);
  });
  return (
    <div className={styles['tools']}>
      <TextField
        className={styles['search']}
        label={texts.search}
        hideLabel
        placeholder={texts.search}
        type="search"
        value={text}
        onValueChange={setText}
        before={<Icon name="search" />}
      />
    </div>
  );
}

function Nobody({ searched, onCreate }: { readonly searched: boolean; readonly onCreate: () => void }) {
  if (searched)
    return (
      <EmptyState icon="search" title={texts.noMatch}>
        {texts.noMatchWords}
      </EmptyState>
    );
  return (
    <EmptyState
      icon="users"
      title={texts.none}
      action={
        <Button icon="plus" onClick={onCreate}>
          {texts.create}
        </Button>
      }
    >
      {texts.noneWords}
    </EmptyState>
  );
}

const fullName = ({ user_metadata: { full_name: full, name } }: User): string =>
  [full, name].find((one): one is string => typeof one === 'string') ?? '';

const COLUMNS: readonly Column<User>[] = [
  {
    id: 'user',
    title: texts.columns.user,
    cell: (user) => (
      <span className={styles['name']}>
        {nameOfUser(user)}
        {fullName(user) !== '' && <span className={styles['soft']}>{fullName(user)}</span>}
      </span>
    ),
  },
  { id: 'state', title: texts.columns.state, cell: (user) => <UserBadge user={user} /> },
  {
    id: 'providers',
    title: texts.columns.providers,
    wideOnly: true,
    cell: ({ identities }) => [...new Set(identities.map(({ provider }) => provider))].join(', '),
  },
  {
    id: 'lastSignIn',
    title: texts.columns.lastSignIn,
    wideOnly: true,
    cell: ({ last_sign_in_at: at }) => (at === undefined ? texts.never : <RelativeTime at={at} />),
  },
  {
    id: 'created',
    title: texts.columns.created,
    wideOnly: true,
    cell: ({ created_at: at }) => <RelativeTime at={at} />,
  },
];
