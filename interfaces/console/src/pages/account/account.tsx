import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { api, dataOf } from '../../api/api.ts';
import { signOut } from '../../api/session.ts';
import { ExactTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { KeyValueList } from '../../components/key-value.tsx';
import { PageHeader, Section } from '../../components/page.tsx';
import { Skeleton } from '../../components/states.tsx';
import { account as texts } from '../../texts/en/account.ts';
import styles from './account.module.css';
import { EraseAccount } from './erase-account.tsx';
import { Tokens } from './tokens.tsx';

export default function Account() {
  return (
    <>
      <PageHeader title={texts.title} />
      <div className={styles['page']}>
        <You />
        <Tokens />
        <Sessions />
        <EraseAccount />
      </div>
    </>
  );
}

function You() {
  const { data: me } = useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => dataOf(api.GET('/api/owners/me', { signal })),
  });
  const items = [
    { key: texts.email, value: me?.email ?? <Skeleton width="22ch" /> },
    { key: texts.owner, value: me ? <code>{me.owner_id}</code> : <Skeleton width="26ch" /> },
    { key: texts.since, value: me ? <ExactTime at={me.created_at} /> : <Skeleton width="18ch" /> },
  ];
  return (
    <Section title={texts.you}>
      <KeyValueList items={items} />
    </Section>
  );
}

function Sessions() {
  const [open, setOpen] = useState(false);
  const [, navigate] = useLocation();
  return (
    <Section title={texts.sessions}>
      <div className={styles['row']}>
        <p className={styles['soft']}>{texts.everywhereHint}</p>
        <Button icon="sign-out" onClick={() => setOpen(true)}>
          {texts.everywhere}
        </Button>
      </div>
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={texts.everywhereTitle}
        description={texts.everywhereHint}
        action={texts.everywhere}
        onConfirm={() => signOut(true).then(() => navigate('/sign-in'))}
      />
    </Section>
  );
}
