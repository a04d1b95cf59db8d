import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { projectQuery } from '../../api/projects.ts';
import { PageHeader } from '../../components/page.tsx';
import { useProjectId } from '../../way/project-id.ts';
import { Bytes } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { DataTable, type Column, type Sorting } from '../../components/data-table.tsx';
import { TextField } from '../../components/field.tsx';
import { Icon } from '../../components/icon.tsx';
import { Notice } from '../../components/notice.tsx';
import { Select } from '../../components/select.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { Badge } from '../../components/status.tsx';
import { tableQuery, tablesQuery } from '../../data/ask.ts';
import type { TableSummary } from '../../data/catalogue.ts';
import { exposureOf, isDangerous } from '../../data/exposure.ts';
import { tables as texts } from '../../texts/en/tables.ts';
import { CreateTable } from './create-table.tsx';
import { ExposureBadge } from './exposure-badge.tsx';
import { shownName, tablePath } from './paths.ts';
import { EVERY, PLATFORM, shownTables } from './shown-tables.ts';
import styles from './tables.module.css';

const USUAL_SCHEMAS = ['public'];

export default function TableList() {
  const project = useProjectId();
  const [, navigate] = useLocation();
  const [creating, setCreating] = useState(false);
  const { data, error, refetch } = useQuery(tablesQuery(project));
  // whoever looks at a list opens one of it
  useEffect(() => void import('./table-page.tsx').catch(() => {}), []);
  const schemas = useQuery(projectQuery(project)).data?.settings.data_api.schemas ?? USUAL_SCHEMAS;
  const newTable = (
    <Button look="primary" icon="plus" onClick={() => setCreating(true)}>
      {texts.newTable}
    </Button>
  );
  return (
    <>
      <PageHeader title={texts.title} actions={newTable} />
      {data ? (
        <Found {...{ project, tables: data, schemas, newTable }} />
      ) : error ? (
        <ErrorState title={texts.failed} error={error} retry={() => void refetch()} />
      ) : (
        <SkeletonRows rows={6} />
      )}
      {creating && (
        <CreateTable
          project={project}
          tables={data ?? []}
          onClose={() => setCreating(false)}
          onCreated={(table) => navigate(tablePath(project, table))}
        />
      )}
    </>
  );
}

interface FoundProps {
  readonly project: string;
  readonly tables: readonly TableSummary[];
  readonly schemas: readonly string[];
  readonly newTable: ReactNode;
}

function Found({ project, tables, schemas, newTable }: FoundProps) {
  const [, navigate] = useLocation();
  const [search, setSearch] = useState('');
  const [schema, setSchema] = useState(EVERY);
  const [sorting, setSorting] = useState<Sorting>({ by: 'name', descending: false });
  const own = tables.filter((table) => table.own);
  const open = own.filter((table) => isDangerous(exposureOf(table, schemas)));
  const clear = () => {
    setSearch('');
    setSchema(EVERY);
  };
  const options = [
    { value: EVERY, label: texts.everySchema },
    ...[...new Set(tables.map((table) => table.schema))]
      .toSorted()
      .map((name) => ({ value: name, label: name })),
    { value: PLATFORM, label: texts.platformSchemas },
  ];
  const isEmpty = own.length === 0 && schema === EVERY && search === '';
  return (
    <>
      {open.length > 0 && <OpenTables project={project} tables={open} />}
      <div className={styles['tools']}>
        <TextField
          label={texts.search}
          hideLabel
          type="search"
          placeholder={texts.search}
          before={<Icon name="search" />}
          value={search}
          onValueChange={setSearch}
        />
        <Select label={texts.schema} hideLabel options={options} value={schema} onValueChange={setSchema} />
      </div>
      <DataTable
        label={texts.list}
        columns={columnsFor(project, schemas)}
        rows={shownTables(tables, { search, schema, sorting })}
        rowKey={(table) => `${table.schema}.${table.name}`}
        onOpen={(table) => navigate(tablePath(project, table))}
        sorting={sorting}
        onSort={setSorting}
        empty={
          isEmpty ? (
            <EmptyState icon="table" title={texts.emptyTitle} action={newTable}>
              {texts.empty}
            </EmptyState>
          ) : (
            <EmptyState
              icon="search"
              title={texts.noMatchTitle}
              action={<Button onClick={clear}>{texts.clear}</Button>}
            >
              {texts.noMatch}
            </EmptyState>
          )
        }
      />
    </>
  );
}

function OpenTables({
  project,
  tables,
}: {
  readonly project: string;
  readonly tables: readonly TableSummary[];
}) {
  return (
    <div className={styles['warning']}>
      <Notice tone="warn" title={texts.dangerTitle(tables.length)}>
        {tables.slice(0, 12).map((table, index) => (
          <span key={`${table.schema}.${table.name}`}>
            {index > 0 && ', '}
            <Link href={`${tablePath(project, table)}?view=structure`}>{shownName(table)}</Link>
          </span>
        ))}
        {tables.length > 12 && ' …'}
      </Notice>
    </div>
  );
}

/** Asked for ahead, as soon as somebody points at its link. */
function TableLink({ project, table, children }: TableLinkProps) {
  const client = useQueryClient();
  return (
    <Link
      href={tablePath(project, table)}
      className={styles['name']}
      tabIndex={-1}
      onPointerEnter={() => void client.prefetchQuery(tableQuery(project, table.schema, table.name))}
    >
      {children}
    </Link>
  );
}

interface TableLinkProps {
  readonly project: string;
  readonly table: TableSummary;
  readonly children: ReactNode;
}

const columnsFor = (project: string, schemas: readonly string[]): readonly Column<TableSummary>[] => [
  {
    id: 'name',
    title: texts.name,
    sortable: true,
    cell: (table) => (
      <TableLink project={project} table={table}>
        <span className={styles['line']}>
          <span className={styles['shown']}>{shownName(table)}</span>
          {table.kind !== 'table' && <Badge>{texts.kinds[table.kind]}</Badge>}
        </span>
        {(table.partition_of ?? table.comment) !== null && (
          <span className={styles['note']}>
            {table.partition_of === null ? table.comment : texts.partitionOf(table.partition_of)}
          </span>
        )}
      </TableLink>
    ),
  },
  {
    id: 'access',
    title: texts.access,
    width: '190px',
    cell: (table) => <ExposureBadge table={table} schemas={schemas} />,
  },
  {
    id: 'rows',
    title: texts.rows,
    width: '120px',
    align: 'end',
    sortable: true,
    wideOnly: true,
    cell: ({ estimate }) =>
      estimate === null ? (
        <span className={styles['note']}>{texts.unknownRows}</span>
      ) : estimate === 0 ? (
        '0'
      ) : (
        texts.about(estimate.toLocaleString('en'))
      ),
  },
  {
    id: 'size',
    title: texts.size,
    width: '110px',
    align: 'end',
    sortable: true,
    wideOnly: true,
    cell: ({ bytes, kind }) => (kind === 'view' ? null : <Bytes value={bytes} />),
  },
];
