/** One folder of a bucket. Whoever drops files here uploads them into it. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useTitle } from '../../components/page.tsx';
import { Bytes, RelativeTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { Checkbox } from '../../components/toggle.tsx';
import { files as texts } from '../../texts/en/files.ts';
import { BrowserTools } from './browser-tools.tsx';
import { DropPlace } from './drop-place.tsx';
import { EntryMenu } from './entry-menu.tsx';
import { entriesOf, type Entry } from './entries.ts';
import { FileDialogs, type Asked } from './file-dialogs.tsx';
import styles from './files.module.css';
import { nameOf } from './object-paths.ts';
import { placeOf } from './place.ts';
import { Thumbnail } from './thumbnail.tsx';
import { useFiles } from './use-files.ts';

interface BrowserProps {
  readonly bucket: string;
  /** '' or with a slash at its end */
  readonly folder: string;
}

export function Browser({ bucket, folder }: BrowserProps) {
  const { project, folder: query } = useFiles();
  const [, go] = useLocation();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<Asked | null>(null);
  const found = useInfiniteQuery(query(bucket, folder));
  useTitle(folder === '' ? bucket : nameOf(folder));
  const entries = entriesOf(found.data?.pages ?? []);
  // what was deleted or moved meanwhile is chosen no more
  const selected = entries.filter(({ path }) => chosen.has(path));
  const open = (entry: Entry) =>
    entry.file ? setAsked({ what: 'show', entries: [entry] }) : go(placeOf(project, bucket, entry.path));
  const toggle = (path: string) =>
    setChosen(
      (before) => new Set(before.has(path) ? [...before].filter((one) => one !== path) : [...before, path]),
    );
  return (
    <>
      <BrowserTools
        bucket={bucket}
        folder={folder}
        selected={selected}
        onSelect={(all) => setChosen(new Set(all ? entries.map(({ path }) => path) : []))}
        onAsk={setAsked}
      />
      <DropPlace bucket={bucket} folder={folder}>
        {found.isPending ? (
          <SkeletonRows />
        ) : found.isError ? (
          <ErrorState title={texts.notRead} error={found.error} retry={() => void found.refetch()} />
        ) : (
          <DataTable
            label={texts.list(bucket)}
            columns={columnsOf({ bucket, chosen, toggle, onAsk: setAsked, onOpen: open })}
            rows={entries}
            rowKey={({ path }) => path}
            onOpen={open}
            empty={
              <EmptyState icon="upload" title={texts.none}>
                {texts.noneWords}
              </EmptyState>
            }
          />
        )}
        {found.hasNextPage && (
          <div className={styles['more']}>
            <Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
              {texts.more}
            </Button>
          </div>
        )}
      </DropPlace>
      <FileDialogs bucket={bucket} folder={folder} asked={asked} onClose={() => setAsked(null)} />
    </>
  );
}

interface Cells {
  readonly bucket: string;
  readonly chosen: ReadonlySet<string>;
  readonly toggle: (path: string) => void;
  readonly onAsk: (asked: Asked) => void;
  readonly onOpen: (entry: Entry) => void;
}

const columnsOf = ({ bucket, chosen, toggle, onAsk, onOpen }: Cells): readonly Column<Entry>[] => [
  {
    id: 'select',
    title: texts.columns.select,
    hideTitle: true,
    width: '1%',
    cell: ({ path }) => (
      <Checkbox
        label={texts.select(nameOf(path))}
        hideLabel
        checked={chosen.has(path)}
        onCheckedChange={() => toggle(path)}
      />
    ),
  },
  {
    id: 'name',
    title: texts.columns.name,
    cell: ({ path, file }) => (
      <span className={styles['name']}>
        <Thumbnail bucket={bucket} file={file} />
        {nameOf(path)}
      </span>
    ),
  },
  {
    id: 'size',
    title: texts.columns.size,
    align: 'end',
    cell: ({ file }) =>
      typeof file?.size === 'number' && (
        <span className={styles['size']}>
          <Bytes value={file.size} />
        </span>
      ),
  },
  {
    id: 'type',
    title: texts.columns.type,
    wideOnly: true,
    cell: ({ file }) => (file ? (file.type ?? '') : texts.folder),
  },
  {
    id: 'changed',
    title: texts.columns.changed,
    wideOnly: true,
    cell: ({ file }) => typeof file?.changedAt === 'string' && <RelativeTime at={file.changedAt} />,
  },
  {
    id: 'menu',
    title: texts.columns.menu,
    hideTitle: true,
    align: 'end',
    cell: (entry) => <EntryMenu bucket={bucket} entry={entry} onAsk={onAsk} onOpen={() => onOpen(entry)} />,
  },
];
