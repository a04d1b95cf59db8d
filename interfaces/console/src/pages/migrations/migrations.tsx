/** What was applied to a project, every try, each one's SQL, and the place to apply the next. */
import { useQuery } from '@tanstack/react-query';
import { Link, Route, Switch, useLocation } from 'wouter';
import { PageHeader } from '../../components/page.tsx';
import { durationText, RelativeTime } from '../../components/amounts.tsx';
import { buttonClass } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Icon } from '../../components/icon.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { migrations as texts } from '../../texts/en/migrations.ts';
import { History } from './migration-history.tsx';
import { Migration } from './migration.tsx';
import { NewMigration } from './new-migration.tsx';
import { useMigrations, type Applied } from './use-migrations.ts';

export default function Migrations() {
  return (
    <Switch>
      <Route path="/projects/:project/migrations/new">
        <NewMigration />
      </Route>
      <Route path="/projects/:project/migrations/:version">
        {({ version }) => <Migration version={Number(version)} />}
      </Route>
      <Route>
        <AllMigrations />
      </Route>
    </Switch>
  );
}

function AllMigrations() {
  const { project, all } = useMigrations();
  const found = useQuery(all);
  return (
    <>
      <PageHeader
        title={texts.title}
        description={texts.description}
        actions={
          <Link href={`/projects/${project}/migrations/new`} className={buttonClass('primary')}>
            <Icon name="plus" />
            {texts.add}
          </Link>
        }
      />
      {found.isPending ? (
        <SkeletonRows />
      ) : found.isError ? (
        <ErrorState title={texts.notRead} error={found.error} retry={() => void found.refetch()} />
      ) : (
        <Tabs
          label={texts.title}
          tabs={[
            { value: 'applied', label: texts.applied, panel: <AppliedOnes rows={found.data.migrations} /> },
            { value: 'history', label: texts.history, panel: <History rows={found.data.history} /> },
          ]}
        />
      )}
    </>
  );
}

function AppliedOnes({ rows }: { readonly rows: readonly Applied[] }) {
  const { project } = useMigrations();
  const [, go] = useLocation();
  return (
    <DataTable
      label={texts.applied}
      columns={APPLIED}
      rows={rows.toSorted((a, b) => b.version - a.version)}
      rowKey={({ version }) => String(version)}
      onOpen={({ version }) => go(`/projects/${project}/migrations/${version}`)}
      empty={
        <EmptyState icon="migration" title={texts.appliedNone}>
          {texts.appliedNoneWords}
        </EmptyState>
      }
    />
  );
}

const APPLIED: readonly Column<Applied>[] = [
  { id: 'name', title: texts.columns.name, cell: ({ name }) => <code>{name}</code> },
  { id: 'at', title: texts.columns.at, cell: ({ applied_at: at }) => <RelativeTime at={at} /> },
  {
    id: 'took',
    title: texts.columns.took,
    align: 'end',
    wideOnly: true,
    cell: ({ duration_ms: ms }) => durationText(ms),
  },
];
