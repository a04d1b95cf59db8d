import { useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { Section } from '../../components/page.tsx';
import { Bytes } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { Badge } from '../../components/status.tsx';
import { toast } from '../../components/toast.ts';
import type { ForeignKey, Table } from '../../data/catalogue.ts';
import { disableRls, dropTable, enableRls, viewAsInvoker } from '../../data/change-tables.ts';
import { exposureOf, isDangerous } from '../../data/exposure.ts';
import { ChangeDialog, type Change } from '../../data/run-sql.tsx';
import { structure as texts, tables } from '../../texts/en/tables.ts';
import { ColumnList } from './column-list.tsx';
import { policiesOf, tablePath } from './paths.ts';
import styles from './structure.module.css';

interface StructureProps {
  readonly project: string;
  readonly table: Table;
  readonly schemas: readonly string[];
}

/** What a table consists of, and what can be done with it. */
export function Structure({ project, table, schemas }: StructureProps) {
  const [change, setChange] = useState<Change | null>(null);
  const hasRls = table.kind === 'table' || table.kind === 'partitioned';
  return (
    <div className={styles['page']}>
      <Danger table={table} schemas={schemas} onChange={setChange} />
      {table.comment !== null && <p className={styles['comment']}>{table.comment}</p>}
      <ColumnList project={project} table={table} onChange={setChange} />
      {hasRls && <RowSecurity project={project} table={table} onChange={setChange} />}
      <References {...{ project }} title={texts.references} keys={table.foreign_keys} to />
      <References {...{ project }} title={texts.referencedBy} keys={table.referenced_by} />
      <Lines title={texts.constraints} lines={table.constraints} />
      <Lines
        title={texts.indexes}
        lines={table.indexes.map((index) => ({
          ...index,
          beside: (
            <>
              <Bytes value={index.bytes} /> {!index.valid && <Badge tone="bad">{texts.invalid}</Badge>}
            </>
          ),
        }))}
      />
      <Lines
        title={texts.triggers}
        lines={table.triggers.map((trigger) => ({
          ...trigger,
          beside: trigger.enabled ? null : <Badge tone="warn">{texts.disabled}</Badge>,
        }))}
      />
      {table.own && <Drop project={project} table={table} onChange={setChange} />}
      <ChangeDialog project={project} change={change} onClose={() => setChange(null)} />
    </div>
  );
}

interface ChangingProps {
  readonly table: Table;
  readonly onChange: (change: Change) => void;
}

/** Says what strangers can do, with the button that helps. */
function Danger({ table, schemas, onChange }: ChangingProps & { readonly schemas: readonly string[] }) {
  const exposure = exposureOf(table, schemas);
  if (!isDangerous(exposure)) return null;
  const isView = exposure === 'view-past-policies';
  const canMend = table.own && (isView || table.kind === 'table' || table.kind === 'partitioned');
  const title = isView ? tables.asInvoker : tables.enableRls;
  const mend = () =>
    onChange({
      title,
      description:
        tables.exposureWhy[isView ? 'by-policies' : table.policies > 0 ? 'by-policies' : 'no-policies'],
      action: title,
      sql: isView ? viewAsInvoker(table.schema, table.name) : enableRls(table.schema, table.name),
      done: () => toast.done(texts.done),
    });
  return (
    <Notice tone="warn" title={tables.exposure[exposure]}>
      <p>
        {tables.exposureWhy[exposure]} {tables.danger(table.anon.join(', '))}
      </p>
      {canMend && (
        <Button small className={styles['mend']} onClick={mend}>
          {title}
        </Button>
      )}
    </Notice>
  );
}

function RowSecurity({ project, table, onChange }: ChangingProps & { readonly project: string }) {
  const { schema, name } = table;
  const turnOff = () =>
    onChange({
      title: texts.disableTitle,
      description: texts.disableWords,
      action: texts.disableRls,
      danger: true,
      sql: disableRls(schema, name),
      done: () => toast.done(texts.done),
    });
  const turnOn = () =>
    onChange({
      title: tables.enableRls,
      description: tables.exposureWhy[table.policies > 0 ? 'by-policies' : 'no-policies'],
      action: tables.enableRls,
      sql: enableRls(schema, name),
      done: () => toast.done(texts.done),
    });
  const where = policiesOf(project, table);
  return (
    <Section
      title={texts.rls}
      actions={
        table.own && (
          <Button small onClick={table.rls ? turnOff : turnOn}>
            {table.rls ? texts.disableRls : tables.enableRls}
          </Button>
        )
      }
    >
      <p className={styles['line']}>
        <Badge tone={table.rls ? 'good' : 'warn'}>{table.rls ? texts.rlsOn : texts.rlsOff}</Badge>
        <Link href={where}>{texts.policies(table.policies)}</Link>
      </p>
    </Section>
  );
}

interface ReferencesProps {
  readonly project: string;
  readonly title: string;
  readonly keys: readonly ForeignKey[];
  /** from this table to others */
  readonly to?: true;
}

function References({ project, title, keys, to }: ReferencesProps) {
  if (keys.length === 0) return null;
  return (
    <Section title={title}>
      <ul className={styles['list']}>
        {keys.map((key) => {
          const other = to
            ? { schema: key.to_schema, name: key.to_table }
            : { schema: key.schema, name: key.table };
          const [here, there] = to ? [key.columns, key.to_columns] : [key.to_columns, key.columns];
          return (
            <li key={`${key.schema}.${key.table}.${key.name}`}>
              <code>{here.join(', ')}</code> {to ? '→' : '←'}{' '}
              <Link href={tablePath(project, other)}>
                {other.schema}.{other.name}
              </Link>{' '}
              <code>({there.join(', ')})</code>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

interface Line {
  readonly name: string;
  readonly definition: string;
  readonly beside?: ReactNode;
}

function Lines({ title, lines }: { readonly title: string; readonly lines: readonly Line[] }) {
  if (lines.length === 0) return null;
  return (
    <Section title={title}>
      <ul className={styles['list']}>
        {lines.map(({ name, definition, beside }) => (
          <li key={name}>
            <span className={styles['name']}>{name}</span> {beside}
            <code className={styles['definition']}>{definition}</code>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Drop({ project, table, onChange }: ChangingProps & { readonly project: string }) {
  const [, navigate] = useLocation();
  const drop = () =>
    onChange({
      title: texts.dropTitle(table.name),
      description: texts.dropWords,
      action: texts.dropTable,
      danger: true,
      name: table.name,
      sql: dropTable(table.kind, table.schema, table.name),
      done: () => {
        toast.done(texts.dropped(table.name));
        navigate(`/projects/${project}/tables`);
      },
    });
  return (
    <Section title={texts.danger} danger>
      <Button look="danger" icon="trash" onClick={drop}>
        {texts.dropTable}
      </Button>
    </Section>
  );
}
