import { queryOptions, useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { api, dataOf, type PersonalToken } from '../../api/api.ts';
import { queryClient } from '../../api/query-client.ts';
import { RelativeTime } from '../../components/amounts.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { Section } from '../../components/page.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { Badge } from '../../components/status.tsx';
import { toast } from '../../components/toast.ts';
import { account as texts } from '../../texts/en/account.ts';
import styles from './account.module.css';
import { NewToken } from './new-token.tsx';

const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: async ({ signal }) => (await dataOf(api.GET('/api/tokens', { signal }))).tokens,
});

export function Tokens() {
  const { data: tokens, error, refetch } = useQuery(tokensQuery);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<PersonalToken>();
  const make = (
    <Button icon="plus" onClick={() => setMaking(true)}>
      {texts.newToken}
    </Button>
  );
  return (
    <Section
      title={texts.tokens}
      description={texts.tokensHint}
      actions={tokens && tokens.length > 0 && make}
    >
      {tokens ? (
        <List tokens={tokens} make={make} onRevoke={setRevoking} />
      ) : error ? (
        <ErrorState title={texts.tokensFailed} error={error} retry={() => void refetch()} />
      ) : (
        <SkeletonRows rows={3} />
      )}
      <NewToken open={making} onOpenChange={setMaking} />
      {revoking && <Revoke token={revoking} onOver={() => setRevoking(undefined)} />}
    </Section>
  );
}

function List({
  tokens,
  make,
  onRevoke,
}: {
  readonly tokens: readonly PersonalToken[];
  readonly make: ReactNode;
  readonly onRevoke: (token: PersonalToken) => void;
}) {
  if (tokens.length === 0)
    return (
      <EmptyState icon="key" title={texts.noTokensTitle} action={make}>
        {texts.noTokens}
      </EmptyState>
    );
  return <DataTable label={texts.tokens} columns={columns(onRevoke)} rows={tokens} rowKey={({ id }) => id} />;
}

function Revoke({ token, onOver }: { readonly token: PersonalToken; readonly onOver: () => void }) {
  const revoke = async () => {
    await dataOf(api.DELETE('/api/tokens/{token}', { params: { path: { token: token.id } } }));
    await queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey });
    toast.done(texts.revoked);
  };
  return (
    <ConfirmDialog
      open
      onOpenChange={onOver}
      title={texts.revokeTitle(token.name)}
      description={texts.revokeHint}
      action={texts.revoke}
      danger
      onConfirm={revoke}
    />
  );
}

const columns = (revoke: (token: PersonalToken) => void): readonly Column<PersonalToken>[] => [
  { id: 'name', title: texts.name, cell: ({ name }) => <span className={styles['name']}>{name}</span> },
  {
    id: 'rights',
    title: texts.rights,
    cell: ({ scopes }) => (
      <span className={styles['badges']}>
        {scopes.map((scope) => (
          <Badge key={scope} tone={scope === 'read' ? 'calm' : 'warn'}>
            {texts.scopes[scope].label}
          </Badge>
        ))}
      </span>
    ),
  },
  {
    id: 'project',
    title: texts.project,
    wideOnly: true,
    cell: ({ project_id: id }) => (id === null ? texts.everyProject : <code>{id}</code>),
  },
  {
    id: 'used',
    title: texts.lastUsed,
    wideOnly: true,
    cell: ({ last_used_at: at }) => (at === null ? texts.neverUsed : <RelativeTime at={at} />),
  },
  {
    id: 'expires',
    title: texts.expires,
    wideOnly: true,
    cell: ({ expires_at: at }) => (at === null ? texts.neverExpires : <RelativeTime at={at} />),
  },
  {
    id: 'revoke',
    title: texts.actions,
    align: 'end',
    width: '60px',
    cell: (token) => (
      <IconButton icon="trash" small label={`${texts.revoke}: ${token.name}`} onClick={() => revoke(token)} />
    ),
  },
];
