import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearch } from 'wouter';
import { PageHeader } from '../../components/page.tsx';
import { useProjectId } from '../../way/project-id.ts';
import { Button, buttonClass } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Icon } from '../../components/icon.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { policiesQuery } from '../../data/ask.ts';
import type { TablePolicies } from '../../data/catalogue.ts';
import { ChangeDialog, type Change } from '../../data/run-sql.tsx';
import { policies as texts } from '../../texts/en/policies.ts';
import { PolicyForm, type Edited } from './policy-form.tsx';
import { TablePoliciesSection } from './table-policies.tsx';
import { TryAs } from './try-as-dialog.tsx';
import styles from './policies.module.css';

export default function Policies() {
  const project = useProjectId();
  const [trying, setTrying] = useState(false);
  const { data, error, refetch } = useQuery(policiesQuery(project));
  return (
    <>
      <PageHeader
        title={texts.title}
        description={texts.description}
        actions={
          <Button icon="play" onClick={() => setTrying(true)}>
            {texts.tryIt}
          </Button>
        }
      />
      {data ? (
        <Found project={project} tables={data} />
      ) : error ? (
        <ErrorState title={texts.failed} error={error} retry={() => void refetch()} />
      ) : (
        <SkeletonRows rows={4} height="96px" />
      )}
      {trying && <TryAs project={project} table={data?.[0]} onClose={() => setTrying(false)} />}
    </>
  );
}

export const fullName = ({ schema, name }: Pick<TablePolicies, 'schema' | 'name'>): string =>
  `${schema}.${name}`;

function Found({ project, tables }: { readonly project: string; readonly tables: readonly TablePolicies[] }) {
  const asked = new URLSearchParams(useSearch()).get('table') ?? '';
  const [search, setSearch] = useState(asked);
  const [edited, setEdited] = useState<Edited | null>(null);
  const [change, setChange] = useState<Change | null>(null);
  const wanted = search.trim().toLowerCase();
  const shown = tables.filter((table) => fullName(table).toLowerCase().includes(wanted));
  if (tables.length === 0)
    return (
      <EmptyState
        icon="shield"
        title={texts.emptyTitle}
        action={
          <Link href={`/projects/${project}/tables`} className={buttonClass()}>
            {texts.toTables}
          </Link>
        }
      >
        {texts.empty}
      </EmptyState>
    );
  return (
    <>
      <TextField
        className={styles['search']}
        label={texts.search}
        hideLabel
        type="search"
        placeholder={texts.search}
        before={<Icon name="search" />}
        value={search}
        onValueChange={setSearch}
      />
      {shown.length === 0 ? (
        <EmptyState
          icon="search"
          title={texts.noMatchTitle}
          action={<Button onClick={() => setSearch('')}>{texts.clear}</Button>}
        >
          {texts.noMatch}
        </EmptyState>
      ) : (
        <div className={styles['tables']}>
          {shown.map((table) => (
            <TablePoliciesSection
              key={fullName(table)}
              project={project}
              table={table}
              onEdit={(policy) => setEdited({ table, policy })}
              onChange={setChange}
            />
          ))}
        </div>
      )}
      {edited && <PolicyForm project={project} edited={edited} onClose={() => setEdited(null)} />}
      <ChangeDialog project={project} change={change} onClose={() => setChange(null)} />
    </>
  );
}
