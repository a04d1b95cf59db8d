import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { sql } from '../../api/sql.ts';
import { useAct } from '../../components/act.ts';
import { Section } from '../../components/page.tsx';
import { Button } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Icon } from '../../components/icon.tsx';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { Badge } from '../../components/status.tsx';
import { extensions as texts, settings } from '../../texts/en/settings.ts';
import styles from './settings.module.css';
import { useSettings, type Extension } from './use-settings.ts';

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** By SQL as the owner, as anybody would install one. */
export function Extensions() {
  const { id, queries } = useSettings();
  const { act, tell } = useAct('settings');
  const [search, setSearch] = useState('');
  const [removed, setRemoved] = useState<Extension | null>(null);
  const found = useQuery(queries.extensions);
  const install = ({ name }: Extension) =>
    tell(texts.installDone, texts.install, () => sql(id, `CREATE EXTENSION ${quoted(name)}`));
  const columns: readonly Column<Extension>[] = [
    ...COLUMNS,
    {
      id: 'act',
      title: texts.columns.change,
      hideTitle: true,
      align: 'end',
      cell: (one) => <ExtensionButton extension={one} onInstall={install} onRemove={setRemoved} />,
    },
  ];
  const wanted = search.trim().toLowerCase();
  return (
    <Section title={texts.title} description={texts.description}>
      <div className={styles['form']}>
        <TextField
          label={texts.search}
          hideLabel
          placeholder={texts.search}
          type="search"
          value={search}
          onValueChange={setSearch}
          before={<Icon name="search" />}
        />
        {found.isError ? (
          <ErrorState title={settings.notRead} error={found.error} retry={() => void found.refetch()} />
        ) : found.isPending ? (
          <SkeletonRows />
        ) : (
          <DataTable
            label={texts.list}
            columns={columns}
            rows={found.data.extensions
              .filter(({ name, comment }) => `${name} ${comment ?? ''}`.toLowerCase().includes(wanted))
              .toSorted((a, b) => Number(b.installed !== null) - Number(a.installed !== null))}
            rowKey={({ name }) => name}
            empty={<p className={styles['soft']}>{texts.none}</p>}
          />
        )}
      </div>
      <ConfirmDialog
        open={removed !== null}
        onOpenChange={(open) => !open && setRemoved(null)}
        title={texts.removeTitle(removed?.name ?? '')}
        description={texts.removeDescription}
        action={texts.remove}
        danger
        onConfirm={() => act(texts.removed, () => sql(id, `DROP EXTENSION ${quoted(removed?.name ?? '')}`))}
      />
    </Section>
  );
}

interface ExtensionButtonProps {
  readonly extension: Extension;
  readonly onInstall: (extension: Extension) => void;
  readonly onRemove: (extension: Extension) => void;
}

function ExtensionButton({ extension, onInstall, onRemove }: ExtensionButtonProps) {
  if (!extension.allowed) return <span className={styles['soft']}>{texts.operators}</span>;
  if (extension.installed)
    return (
      <Button small onClick={() => onRemove(extension)}>
        {texts.remove}
      </Button>
    );
  return (
    <Button small icon="plus" onClick={() => onInstall(extension)}>
      {texts.install}
    </Button>
  );
}

const COLUMNS: readonly Column<Extension>[] = [
  {
    id: 'name',
    title: texts.columns.name,
    cell: ({ name, installed }) => (
      <span className={styles['words']}>
        <code>{name}</code>
        {installed && <Badge tone="good">{texts.installed}</Badge>}
      </span>
    ),
  },
  { id: 'what', title: texts.columns.what, wideOnly: true, cell: ({ comment }) => comment ?? '' },
  {
    id: 'version',
    title: texts.columns.version,
    wideOnly: true,
    cell: ({ version, installed }) => installed?.version ?? version,
  },
];
