import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Project } from '../../api/api.ts';
import { projectsQuery } from '../../api/projects.ts';
import { PageHeader } from '../../components/page.tsx';
import { Bytes, RelativeTime } from '../../components/amounts.tsx';
import { Button, buttonClass } from '../../components/button.tsx';
import { Choices } from '../../components/choices.tsx';
import { DataTable, type Column, type Sorting } from '../../components/data-table.tsx';
import { TextField } from '../../components/field.tsx';
import { Icon } from '../../components/icon.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { isUnderWay, Status } from '../../components/status.tsx';
import { projects as texts } from '../../texts/en/projects.ts';
import { FILTERS, shownProjects, type Filter } from './shown-projects.ts';
import styles from './project-list.module.css';

/** the list follows the log within moments */
const BUSY_MS = 1_000;
const CALM_MS = 10_000;

export default function ProjectList() {
  const { data, error, refetch } = useQuery({
    ...projectsQuery,
    // only while somebody looks: a hidden window asks for nothing
    refetchInterval: ({ state }) =>
      state.data?.some(({ status }) => isUnderWay(status)) === true ? BUSY_MS : CALM_MS,
  });
  return (
    <>
      <PageHeader title={texts.title} actions={data && data.length > 0 && <NewProject />} />
      {data ? (
        <Found projects={data} />
      ) : error ? (
        <ErrorState title={texts.failed} error={error} retry={() => void refetch()} />
      ) : (
        <SkeletonRows rows={6} />
      )}
    </>
  );
}

const NewProject = () => (
  <Link href="/projects/new" className={buttonClass('primary')}>
    <Icon name="plus" />
    {texts.newProject}
  </Link>
);

function Found({ projects }: { readonly projects: readonly Project[] }) {
  const [, navigate] = useLocation();
  const [search, setSearch] = useState('');
  const [filter, setFilter] = useState<Filter>('every');
  const [sorting, setSorting] = useState<Sorting>({ by: 'created', descending: true });
  if (projects.every(({ status }) => status === 'purged'))
    return (
      <EmptyState icon="database" title={texts.emptyTitle} action={<NewProject />}>
        {texts.empty}
      </EmptyState>
    );
  const clear = () => {
    setSearch('');
    setFilter('every');
  };
  return (
    <>
      <div className={styles['tools']}>
        <TextField
          label={texts.search}
          hideLabel
          type="search"
          placeholder={texts.search}
          before={<Icon name="search" />}
          className={styles['search']}
          value={search}
          onValueChange={setSearch}
        />
        <Choices label={texts.filter} options={FILTERS} value={filter} onValueChange={setFilter} />
      </div>
      <DataTable
        label={texts.list}
        columns={COLUMNS}
        rows={shownProjects(projects, { search, filter, sorting })}
        rowKey={({ id }) => id}
        onOpen={({ id }) => navigate(`/projects/${id}`)}
        sorting={sorting}
        onSort={setSorting}
        empty={
          <EmptyState
            icon="search"
            title={texts.noMatchTitle}
            action={<Button onClick={clear}>{texts.clear}</Button>}
          >
            {texts.noMatch}
          </EmptyState>
        }
      />
    </>
  );
}

const COLUMNS: readonly Column<Project>[] = [
  {
    id: 'name',
    title: texts.name,
    sortable: true,
    cell: ({ id, display_name: shown, name }) => (
      <Link href={`/projects/${id}`} className={styles['name']} tabIndex={-1}>
        <span className={styles['shown']}>{shown}</span>
        {shown !== name && <span className={styles['note']}>{name}</span>}
      </Link>
    ),
  },
  {
    id: 'status',
    title: texts.status,
    width: '150px',
    sortable: true,
    cell: ({ status }) => <Status status={status} />,
  },
  { id: 'size', title: texts.size, width: '110px', align: 'end', sortable: true, wideOnly: true, cell: size },
  {
    id: 'used',
    title: texts.lastUse,
    width: '130px',
    align: 'end',
    sortable: true,
    wideOnly: true,
    cell: ({ last_used_at: at }) =>
      at === null ? <span className={styles['note']}>{texts.notUsed}</span> : <RelativeTime at={at} />,
  },
  {
    id: 'created',
    title: texts.created,
    width: '130px',
    align: 'end',
    sortable: true,
    wideOnly: true,
    cell: ({ created_at: at }) => <RelativeTime at={at} />,
  },
];

function size({ usage: { database_size_bytes: bytes } }: Project) {
  return bytes === null ? <span className={styles['note']}>{texts.unknown}</span> : <Bytes value={bytes} />;
}
