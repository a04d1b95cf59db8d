import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { api, dataOf } from '../../api/api.ts';
import { partQuery, refreshOperator, useMayWrite, type Invite } from '../../api/operator.ts';
import { ApiProblem } from '../../api/problem.ts';
import { RelativeTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page.tsx';
import { Select } from '../../components/select.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { Badge } from '../../components/status.tsx';
import { operator as texts } from '../../texts/en/operator.ts';
import styles from './operator.module.css';
import { ShownOnce } from './shown-once.tsx';

export default function Invites() {
  const { data, error, refetch } = useQuery(partQuery('/api/operator/invites'));
  const mayWrite = useMayWrite();
  const [making, setMaking] = useState(false);
  const make = mayWrite && (
    <Button icon="plus" onClick={() => setMaking(true)}>
      {texts.newInvite}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={texts.pages.invites}
        description={texts.invitesHint}
        actions={data && data.invites.length > 0 && make}
      />
      {data ? (
        <DataTable
          label={texts.pages.invites}
          columns={COLUMNS}
          rows={data.invites}
          rowKey={({ issued_at: at, expires_at: until }) => `${at} ${until}`}
          empty={
            <EmptyState icon="users" title={texts.noInvites} action={make}>
              {texts.noInvitesHint}
            </EmptyState>
          }
        />
      ) : error ? (
        <ErrorState title={texts.failed} error={error} retry={() => void refetch()} />
      ) : (
        <SkeletonRows />
      )}
      {making && <NewInvite onOver={() => setMaking(false)} />}
    </>
  );
}

function NewInvite({ onOver }: { readonly onOver: () => void }) {
  const [code, setCode] = useState<string>();
  return (
    <Dialog
      open
      passing={code !== undefined}
      onOpenChange={onOver}
      title={code === undefined ? texts.newInvite : texts.inviteMade}
    >
      {code === undefined ? (
        <Form onMade={setCode} />
      ) : (
        <ShownOnce
          secret={code}
          label={texts.inviteMade}
          link={{ label: texts.inviteLink, to: `${location.origin}/console/sign-up?invite=${code}` }}
          onOver={onOver}
        />
      )}
    </Dialog>
  );
}

const DAYS = ['1', '7', '30', '365'].map((value) => ({ value, label: value }));

function Form({ onMade }: { readonly onMade: (code: string) => void }) {
  const [email, setEmail] = useState('');
  const [days, setDays] = useState('7');
  const making = useMutation({
    mutationFn: () => {
      const address = email.trim();
      const body = { expires_in_days: Number(days), ...(address !== '' && { email: address }) };
      return dataOf(api.POST('/api/operator/invites', { body }));
    },
    onSuccess: ({ code }) => {
      onMade(code);
      return refreshOperator();
    },
  });
  const { error } = making;
  const fault = error instanceof ApiProblem ? error.faultOf('email') : undefined;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <form onSubmit={submit} className={styles['form']}>
      <TextField
        label={texts.email}
        hint={texts.emailHint}
        error={fault}
        optional
        type="email"
        autoComplete="off"
        value={email}
        onValueChange={setEmail}
      />
      <Select label={texts.days} options={DAYS} value={days} onValueChange={setDays} />
      {error && fault === undefined && <Notice tone="bad" error={error} />}
      <div className={styles['buttons']}>
        <Button type="submit" look="primary" busy={making.isPending}>
          {texts.makeInvite}
        </Button>
      </div>
    </form>
  );
}

const COLUMNS: readonly Column<Invite>[] = [
  { id: 'made', title: texts.made, cell: ({ issued_at: at }) => <RelativeTime at={at} /> },
  { id: 'for', title: texts.for, cell: ({ for_address: one }) => (one ? texts.oneAddress : texts.anybody) },
  { id: 'used', title: texts.used, cell: use },
  {
    id: 'expires',
    title: texts.expires,
    align: 'end',
    cell: ({ expires_at: at }) => <RelativeTime at={at} />,
  },
];

function use({ used_by: owner, expires_at: until }: Invite) {
  if (owner !== null) return <code>{owner}</code>;
  const isOver = new Date(until) < new Date();
  return <Badge tone={isOver ? 'calm' : 'good'}>{isOver ? texts.expired : texts.unused}</Badge>;
}
