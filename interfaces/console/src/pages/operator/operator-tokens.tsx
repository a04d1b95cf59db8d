import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { api, dataOf } from '../../api/api.ts';
import {
  forgetOperator,
  partQuery,
  refreshOperator,
  useMayWrite,
  type OperatorToken,
} from '../../api/operator.ts';
import { RelativeTime } from '../../components/amounts.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { Choices } from '../../components/choices.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page.tsx';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { Badge } from '../../components/status.tsx';
import { toast } from '../../components/toast.ts';
import { operator as texts } from '../../texts/en/operator.ts';
import styles from './operator.module.css';
import { ShownOnce } from './shown-once.tsx';

export default function OperatorTokens() {
  const { data, error, refetch } = useQuery(partQuery('/api/operator/tokens'));
  const mayWrite = useMayWrite();
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<OperatorToken>();
  return (
    <>
      <PageHeader
        title={texts.pages.tokens}
        description={texts.tokensHint}
        actions={
          mayWrite && (
            <Button icon="plus" onClick={() => setMaking(true)}>
              {texts.newToken}
            </Button>
          )
        }
      />
      {data ? (
        <DataTable
          label={texts.pages.tokens}
          columns={columns(mayWrite ? setRevoking : undefined)}
          rows={data.tokens}
          rowKey={({ id }) => id}
        />
      ) : error ? (
        <ErrorState title={texts.failed} error={error} retry={() => void refetch()} />
      ) : (
        <SkeletonRows />
      )}
      {making && <NewToken onOver={() => setMaking(false)} />}
      {revoking && <Revoke token={revoking} onOver={() => setRevoking(undefined)} />}
    </>
  );
}

function Revoke({ token, onOver }: { readonly token: OperatorToken; readonly onOver: () => void }) {
  return (
    <ConfirmDialog
      open
      onOpenChange={onOver}
      title={texts.revokeTitle(token.name)}
      description={texts.revokeHint}
      action={texts.revoke}
      danger
      onConfirm={async () => {
        await api.DELETE('/api/operator/tokens/{token}', { params: { path: { token: token.id } } });
        toast.done(texts.revoked);
        if (token.current) forgetOperator();
        else await refreshOperator();
      }}
    >
      {token.current && <Notice tone="warn">{texts.revokeCurrent}</Notice>}
    </ConfirmDialog>
  );
}

function NewToken({ onOver }: { readonly onOver: () => void }) {
  const [token, setToken] = useState<string>();
  return (
    <Dialog
      open
      passing={token !== undefined}
      onOpenChange={onOver}
      title={token === undefined ? texts.newToken : texts.tokenMade}
    >
      {token === undefined ? (
        <Form onMade={setToken} />
      ) : (
        <ShownOnce secret={token} label={texts.tokenMade} onOver={onOver} />
      )}
    </Dialog>
  );
}

const RIGHTS = [
  { value: 'read', label: texts.mayRead },
  { value: 'write', label: texts.mayWrite },
] as const;

function Form({ onMade }: { readonly onMade: (token: string) => void }) {
  const [name, setName] = useState('');
  const [right, setRight] = useState<'read' | 'write'>('read');
  const making = useMutation({
    mutationFn: () => {
      const scopes: ('read' | 'write')[] = right === 'read' ? ['read'] : ['read', 'write'];
      return dataOf(api.POST('/api/operator/tokens', { body: { name, scopes } }));
    },
    onSuccess: ({ token }) => {
      onMade(token);
      return refreshOperator();
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <form onSubmit={submit} className={styles['form']}>
      <TextField
        label={texts.tokenName}
        hint={texts.tokenNameHint}
        required
        maxLength={100}
        autoComplete="off"
        value={name}
        onValueChange={setName}
      />
      <Choices label={texts.rights} options={RIGHTS} value={right} onValueChange={setRight} />
      {making.error && <Notice tone="bad" error={making.error} />}
      <div className={styles['buttons']}>
        <Button type="submit" look="primary" busy={making.isPending} disabled={name.trim() === ''}>
          {texts.makeToken}
        </Button>
      </div>
    </form>
  );
}

const columns = (revoke: ((token: OperatorToken) => void) | undefined): readonly Column<OperatorToken>[] => [
  {
    id: 'name',
    title: texts.tokenName,
    cell: ({ name, current }) => (
      <span className={styles['badges']}>
        <span className={styles['strong']}>{name}</span>
        {current && <Badge tone="good">{texts.current}</Badge>}
      </span>
    ),
  },
  {
    id: 'rights',
    title: texts.rights,
    cell: ({ scopes }) => (scopes.includes('write') ? texts.mayWrite : texts.mayRead),
  },
  { id: 'id', title: 'Id', wideOnly: true, cell: ({ id }) => <code>{id}</code> },
  {
    id: 'made',
    title: texts.made,
    align: 'end',
    wideOnly: true,
    cell: ({ created_at: at }) => <RelativeTime at={at} />,
  },
  ...(revoke
    ? [
        {
          id: 'revoke',
          title: texts.actions,
          align: 'end' as const,
          width: '60px',
          cell: (token: OperatorToken) => (
            <IconButton
              icon="trash"
              small
              label={`${texts.revoke}: ${token.name}`}
              onClick={() => revoke(token)}
            />
          ),
        },
      ]
    : []),
];
