import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Section } from '../../components/page.tsx';
import { RelativeTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { mailbox as texts } from '../../texts/en/auth-settings.ts';
import { settings } from '../../texts/en/settings.ts';
import styles from './settings.module.css';
import { useSettings, type Mail } from './use-settings.ts';

/** Read only when asked for: it shows links by which users are signed in. */
export function Mailbox() {
  const { queries } = useSettings();
  const [isShown, setShown] = useState(false);
  const [opened, setOpened] = useState<Mail | null>(null);
  const found = useQuery({ ...queries.mailbox, enabled: isShown });
  return (
    <Section
      title={texts.title}
      description={texts.description}
      actions={
        <Button small icon="refresh" onClick={() => (isShown ? void found.refetch() : setShown(true))}>
          {texts.show}
        </Button>
      }
    >
      {!isShown ? null : found.isError ? (
        <ErrorState title={settings.notRead} error={found.error} retry={() => void found.refetch()} />
      ) : found.isPending ? (
        <SkeletonRows rows={2} />
      ) : (
        <DataTable
          label={texts.title}
          columns={COLUMNS}
          rows={found.data.mails}
          rowKey={({ id }) => id}
          onOpen={setOpened}
          empty={<p className={styles['soft']}>{texts.none}</p>}
        />
      )}
      {opened && (
        <Dialog open wide onOpenChange={(open) => !open && setOpened(null)} title={opened.subject}>
          <CodeBlock label={opened.subject} code={opened.text} />
        </Dialog>
      )}
    </Section>
  );
}

const COLUMNS: readonly Column<Mail>[] = [
  { id: 'to', title: texts.to, cell: ({ to }) => to },
  { id: 'subject', title: texts.subject, cell: ({ subject }) => subject },
  { id: 'state', title: texts.state, wideOnly: true, cell: ({ state }) => texts.states[state] },
  { id: 'when', title: texts.when, cell: ({ created_at: at }) => <RelativeTime at={at} /> },
];
