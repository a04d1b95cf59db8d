import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf } from '../../api/api.ts';
import { useAct } from '../../components/act.ts';
import { Section } from '../../components/page.tsx';
import { RelativeTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { KeyValueList } from '../../components/key-value.tsx';
import { Notice } from '../../components/notice.tsx';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { settings, storageSettings as texts } from '../../texts/en/settings.ts';
import styles from './settings.module.css';
import { useResult } from './use-result.ts';
import { useSettings, type S3Key } from './use-settings.ts';

export function S3Keys() {
  const { id } = useSettings();
  const { act } = useAct('settings');
  const [makes, setMakes] = useState(false);
  const made = useResult<MadeKey>();
  const [revoked, setRevoked] = useState<S3Key | null>(null);
  const gone = (key: string) =>
    dataOf(api.DELETE('/api/projects/{id}/storage/s3-keys/{key}', { params: { path: { id, key } } }));
  return (
    <Section
      title={texts.keys}
      description={texts.keysDescription}
      actions={
        <Button small icon="plus" onClick={() => setMakes(true)}>
          {texts.add}
        </Button>
      }
    >
      <Keys onRevoke={setRevoked} />
      <MakeKey
        key={String(makes)}
        open={makes}
        onOpenChange={(open) => {
          setMakes(open);
          if (!open) made.closed();
        }}
        onMade={made.bring}
      />
      {made.shown && <Secret made={made.shown} onClose={made.forget} />}
      <ConfirmDialog
        open={revoked !== null}
        onOpenChange={(open) => !open && setRevoked(null)}
        title={texts.revokeTitle(revoked?.name ?? '')}
        description={texts.revokeDescription}
        action={texts.revoke}
        danger
        onConfirm={() => act(texts.revoked, () => gone(revoked?.id ?? ''))}
      />
    </Section>
  );
}

function Keys({ onRevoke }: { readonly onRevoke: (key: S3Key) => void }) {
  const { queries } = useSettings();
  const found = useQuery(queries.s3Keys);
  const revoke: Column<S3Key> = {
    id: 'revoke',
    title: texts.revoke,
    hideTitle: true,
    align: 'end',
    cell: (key) => (
      <Button small onClick={() => onRevoke(key)}>
        {texts.revoke}
      </Button>
    ),
  };
  return found.isError ? (
    <ErrorState title={settings.notRead} error={found.error} retry={() => void found.refetch()} />
  ) : found.isPending ? (
    <SkeletonRows rows={2} />
  ) : (
    <div className={styles['form']}>
      <KeyValueList
        items={[
          { key: texts.endpoint, value: <code>{found.data.endpoint}</code> },
          { key: texts.region, value: <code>{found.data.region}</code> },
        ]}
      />
      <DataTable
        label={texts.keys}
        columns={[...COLUMNS, revoke]}
        rows={found.data.s3_keys}
        rowKey={({ id: key }) => key}
        empty={<p className={styles['soft']}>{texts.keysNone}</p>}
      />
    </div>
  );
}

interface MadeKey {
  readonly id: string;
  readonly secret: string;
}

interface MakeKeyProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly onMade: (key: MadeKey) => void;
}

function MakeKey({ open, onOpenChange, onMade }: MakeKeyProps) {
  const { id } = useSettings();
  const { act } = useAct('settings');
  const [name, setName] = useState('');
  const make = async () => {
    const asked = { params: { path: { id } }, body: { name: name.trim() } };
    onMade(await dataOf(api.POST('/api/projects/{id}/storage/s3-keys', asked)));
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={texts.add}
      description={texts.addDescription}
      action={texts.addAction}
      onConfirm={() => act(texts.made, make)}
    >
      <TextField
        label={texts.keyName}
        hint={texts.nameHint}
        required
        maxLength={100}
        autoComplete="off"
        value={name}
        onValueChange={setName}
      />
    </ConfirmDialog>
  );
}

/** It goes with the dialog. */
function Secret({ made, onClose }: { readonly made: MadeKey; readonly onClose: () => void }) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={texts.made} wide>
      <Notice tone="warn">{texts.secretOnce}</Notice>
      <span>{texts.keyId}</span>
      <CodeBlock label={texts.keyId} code={made.id} line />
      <span>{texts.secret}</span>
      <CodeBlock label={texts.secret} code={made.secret} line />
    </Dialog>
  );
}

const COLUMNS: readonly Column<S3Key>[] = [
  { id: 'name', title: texts.keyName, cell: ({ name }) => name },
  { id: 'id', title: texts.keyId, wideOnly: true, cell: ({ id }) => <code>{id}</code> },
  { id: 'made', title: texts.keyMade, wideOnly: true, cell: ({ made_at: at }) => <RelativeTime at={at} /> },
];
