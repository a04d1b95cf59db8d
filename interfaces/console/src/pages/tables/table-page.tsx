import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useParams, useSearch } from 'wouter';
import { projectQuery } from '../../api/projects.ts';
import { useTitle } from '../../components/page.tsx';
import { useProjectId } from '../../way/project-id.ts';
import { buttonClass } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { Badge } from '../../components/status.tsx';
import { tableQuery } from '../../data/ask.ts';
import type { Table } from '../../data/catalogue.ts';
import { rows, structure, tables as texts } from '../../texts/en/tables.ts';
import { ExposureBadge } from './exposure-badge.tsx';
import { decoded, policiesOf, shownName } from './paths.ts';
import { RowsView } from './rows-view.tsx';
import { Structure } from './structure.tsx';
import styles from './table-page.module.css';

const USUAL_SCHEMAS = ['public'];

export default function TablePage() {
  const project = useProjectId();
  const params = useParams<{ schema: string; table: string }>();
  const [schema, name] = [decoded(params.schema), decoded(params.table)];
  const { data, error, refetch } = useQuery(tableQuery(project, schema, name));
  useTitle(name);
  const back = (
    <Link href={`/projects/${project}/tables`} className={buttonClass()}>
      {texts.toTables}
    </Link>
  );
  if (data) return <Found key={`${schema}.${name}`} project={project} table={data} />;
  return (
    <div className={styles['state']}>
      {data === null ? (
        <EmptyState icon="table" title={texts.goneTitle} action={back}>
          {texts.gone(name)}
        </EmptyState>
      ) : error ? (
        <ErrorState title={texts.tableFailed} error={error} retry={() => void refetch()} />
      ) : (
        <SkeletonRows rows={8} height="32px" />
      )}
    </div>
  );
}

function Found({ project, table }: { readonly project: string; readonly table: Table }) {
  const [path] = useLocation();
  const isStructure = new URLSearchParams(useSearch()).get('view') === 'structure';
  const schemas = useQuery(projectQuery(project)).data?.settings.data_api.schemas ?? USUAL_SCHEMAS;
  const badge = <ExposureBadge table={table} schemas={schemas} />;
  return (
    <>
      <header className={styles['header']}>
        <Link href={`/projects/${project}/tables`} className={styles['back']} aria-label={texts.toTables}>
          <Icon name="back" />
        </Link>
        <h1 className={styles['title']}>{shownName(table)}</h1>
        {table.kind !== 'table' && <Badge>{texts.kinds[table.kind]}</Badge>}
        {table.kind === 'table' && table.own ? <Link href={policiesOf(project, table)}>{badge}</Link> : badge}
        <nav className={styles['views']} aria-label={shownName(table)}>
          <Link href={path} aria-current={isStructure ? undefined : 'page'}>
            {rows.tab}
          </Link>
          <Link href={`${path}?view=structure`} aria-current={isStructure ? 'page' : undefined}>
            {structure.tab}
          </Link>
        </nav>
      </header>
      {isStructure ? (
        <Structure project={project} table={table} schemas={schemas} />
      ) : (
        <RowsView project={project} table={table} />
      )}
    </>
  );
}
