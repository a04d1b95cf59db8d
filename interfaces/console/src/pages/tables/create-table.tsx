import { useQuery } from '@tanstack/react-query';
import { useState, type KeyboardEvent, type SubmitEvent } from 'react';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Select } from '../../components/select.tsx';
import { toast } from '../../components/toast.ts';
import { Checkbox } from '../../components/toggle.tsx';
import { schemasQuery } from '../../data/ask.ts';
import type { TableSummary } from '../../data/catalogue.ts';
import { createTable, PLAIN_COLUMN, type NewTable } from '../../data/change-tables.ts';
import { useRunSql } from '../../data/run-sql.tsx';
import { tableForm as texts } from '../../texts/en/tables.ts';
import { ColumnFields } from './column-fields.tsx';
import styles from './create-table.module.css';

interface CreateTableProps {
  readonly project: string;
  /** that a column can refer to */
  readonly tables: readonly TableSummary[];
  readonly onClose: () => void;
  readonly onCreated: (table: { readonly schema: string; readonly name: string }) => void;
}

/** Whoever ends the name of a column by Enter has not ended the table. */
const stay = (event: KeyboardEvent) => {
  if (event.key === 'Enter' && event.target instanceof HTMLInputElement) event.preventDefault();
};

/** until the others are known */
const USUAL = [{ name: 'public', own: true }];

const FIRST: NewTable = {
  schema: 'public',
  name: '',
  comment: '',
  rls: true,
  columns: [
    { ...PLAIN_COLUMN, name: 'id', type: 'bigint', inKey: true, identity: true },
    { ...PLAIN_COLUMN, name: 'created_at', type: 'timestamptz', notNull: true, default: 'now()' },
  ],
};

function faultOf({ name, columns }: Pick<NewTable, 'name' | 'columns'>): string | null {
  if (name.trim() === '') return texts.needsName;
  if (columns.some((column) => column.name === '' || column.type.trim() === '')) return texts.columnNeedsName;
  const twice = columns.find(
    (column, at) => columns.findIndex(({ name: other }) => other === column.name) < at,
  );
  return twice ? texts.twice(twice.name) : null;
}

export function CreateTable({ project, tables, onClose, onCreated }: CreateTableProps) {
  const [table, setTable] = useState(FIRST);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const run = useRunSql(project);
  const change = (part: Partial<NewTable>) => setTable((before) => ({ ...before, ...part }));
  const fault = faultOf(table);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (fault !== null) return;
    setBusy(true);
    setError(null);
    try {
      await run(createTable(table));
      toast.done(texts.created(table.name));
      onClose();
      onCreated(table);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <Dialog open wide title={texts.title} onOpenChange={onClose}>
      <form className={styles['form']} onSubmit={(event) => void submit(event)}>
        <TableFields {...{ project, tables, table, change }} />
        <CodeBlock label={texts.sql} code={createTable(table)} />
        {error !== null && <Notice tone="bad" error={error} />}
        <div className={styles['buttons']}>
          {fault !== null && <span className={styles['fault']}>{fault}</span>}
          <Button type="submit" look="primary" busy={busy} disabled={fault !== null}>
            {texts.create}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface TableFieldsProps {
  readonly project: string;
  readonly tables: readonly TableSummary[];
  readonly table: NewTable;
  readonly change: (part: Partial<NewTable>) => void;
}

function TableFields({ project, tables, table, change }: TableFieldsProps) {
  const { data: schemas = USUAL } = useQuery(schemasQuery(project));
  return (
    <>
      <div className={styles['pair']}>
        <TextField
          label={texts.name}
          value={table.name}
          onValueChange={(name) => change({ name })}
          autoComplete="off"
          spellCheck={false}
          mono
        />
        <Select
          label={texts.schema}
          options={schemas.filter(({ own }) => own).map(({ name }) => ({ value: name, label: name }))}
          value={table.schema}
          onValueChange={(schema) => change({ schema })}
        />
      </div>
      <TextField
        label={texts.comment}
        optional
        value={table.comment}
        onValueChange={(comment) => change({ comment })}
      />
      {/* it is the fields in it that are typed into */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <fieldset className={styles['columns']} onKeyDown={stay}>
        <legend>{texts.columns}</legend>
        {table.columns.map((column, at) => (
          <ColumnFields
            // the order never changes, and removing one moves the others up with what they hold
            key={at}
            place={at + 1}
            project={project}
            tables={tables}
            column={column}
            onChange={(next) => change({ columns: table.columns.with(at, next) })}
            onRemove={
              table.columns.length > 1 ? () => change({ columns: table.columns.toSpliced(at, 1) }) : undefined
            }
          />
        ))}
        <Button small icon="plus" onClick={() => change({ columns: [...table.columns, PLAIN_COLUMN] })}>
          {texts.addColumn}
        </Button>
      </fieldset>
      <Checkbox
        label={texts.rls}
        hint={texts.rlsHint}
        checked={table.rls}
        onCheckedChange={(rls) => change({ rls })}
      />
    </>
  );
}
