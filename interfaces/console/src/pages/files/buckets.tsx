import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useAct } from '../../components/act.ts';
import { PageHeader } from '../../components/page.tsx';
import { bytesText, RelativeTime } from '../../components/amounts.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../components/menu.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { Badge } from '../../components/status.tsx';
import { buckets as texts } from '../../texts/en/files.ts';
import { BucketForm } from './bucket-form.tsx';
import { placeOf } from './place.ts';
import type { Bucket } from './storage-client.ts';
import { useFiles } from './use-files.ts';

type What = 'change' | 'empty' | 'remove';
interface Opened {
  readonly what: What;
  readonly bucket: Bucket;
}

export function Buckets() {
  const { project, buckets } = useFiles();
  const [, go] = useLocation();
  const [makes, setMakes] = useState(false);
  const [opened, setOpened] = useState<Opened | null>(null);
  const found = useQuery(buckets);
  const add = (
    <Button look="primary" icon="plus" onClick={() => setMakes(true)}>
      {texts.add}
    </Button>
  );
  const menu: Column<Bucket> = {
    id: 'menu',
    title: texts.columns.menu,
    hideTitle: true,
    align: 'end',
    cell: (bucket) => (
      <BucketMenu
        bucket={bucket}
        to={placeOf(project, bucket.id)}
        onOpen={(what) => setOpened({ what, bucket })}
      />
    ),
  };
  return (
    <>
      <PageHeader title={texts.title} description={texts.description} actions={add} />
      {found.isPending ? (
        <SkeletonRows />
      ) : found.isError ? (
        <ErrorState title={texts.notRead} error={found.error} retry={() => void found.refetch()} />
      ) : (
        <DataTable
          label={texts.list}
          columns={[...COLUMNS, menu]}
          rows={found.data}
          rowKey={({ id }) => id}
          onOpen={({ id }) => go(placeOf(project, id))}
          empty={
            <EmptyState icon="folder" title={texts.none} action={add}>
              {texts.noneWords}
            </EmptyState>
          }
        />
      )}
      <BucketForm key={`new ${makes}`} bucket={null} open={makes} onOpenChange={setMakes} />
      {opened && <BucketDialogs opened={opened} onClose={() => setOpened(null)} />}
    </>
  );
}

interface BucketMenuProps {
  readonly bucket: Bucket;
  readonly to: string;
  readonly onOpen: (what: What) => void;
}

function BucketMenu({ bucket, to, onOpen }: BucketMenuProps) {
  return (
    <Menu trigger={<IconButton icon="more" label={texts.actions(bucket.name)} small />}>
      <MenuItem icon="folder" to={to}>
        {texts.open}
      </MenuItem>
      <MenuItem icon="settings" onSelect={() => onOpen('change')}>
        {texts.settings}
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon="close" danger onSelect={() => onOpen('empty')}>
        {texts.empty}
      </MenuItem>
      <MenuItem icon="trash" danger onSelect={() => onOpen('remove')}>
        {texts.remove}
      </MenuItem>
    </Menu>
  );
}

function BucketDialogs({
  opened: { what, bucket },
  onClose,
}: {
  readonly opened: Opened;
  readonly onClose: () => void;
}) {
  const { client } = useFiles();
  const { act } = useAct('files');
  const opening = { open: true, onOpenChange: (open: boolean) => !open && onClose() };
  if (what === 'change') return <BucketForm bucket={bucket} {...opening} />;
  if (what === 'empty')
    return (
      <ConfirmDialog
        {...opening}
        title={texts.emptyTitle(bucket.name)}
        description={texts.emptyDescription}
        action={texts.empty}
        danger
        name={bucket.name}
        onConfirm={() => act(texts.emptied, () => client.emptyBucket(bucket.id))}
      />
    );
  return (
    <ConfirmDialog
      {...opening}
      title={texts.removeTitle(bucket.name)}
      description={texts.removeDescription}
      action={texts.remove}
      danger
      name={bucket.name}
      onConfirm={() => act(texts.removed, () => client.deleteBucket(bucket.id))}
    />
  );
}

const COLUMNS: readonly Column<Bucket>[] = [
  { id: 'name', title: texts.columns.name, cell: ({ name }) => name },
  {
    id: 'access',
    title: texts.columns.access,
    cell: ({ public: isPublic }) => (
      <Badge tone={isPublic ? 'warn' : 'calm'}>{isPublic ? texts.public : texts.private}</Badge>
    ),
  },
  {
    id: 'size',
    title: texts.columns.size,
    wideOnly: true,
    cell: ({ file_size_limit: size }) => (size === null ? texts.noLimit : bytesText(size)),
  },
  {
    id: 'types',
    title: texts.columns.types,
    wideOnly: true,
    cell: ({ allowed_mime_types: types }) =>
      types === null || types.length === 0 ? texts.anyType : types.join(', '),
  },
  {
    id: 'created',
    title: texts.columns.created,
    wideOnly: true,
    cell: ({ created_at: at }) => <RelativeTime at={at} />,
  },
];
