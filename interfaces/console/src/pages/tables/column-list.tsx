import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Section } from '../../components/page.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { DataTable, type Column as Shown } from '../../components/data-table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Icon } from '../../components/icon.tsx';
import { Menu, MenuItem } from '../../components/menu.tsx';
import { Notice } from '../../components/notice.tsx';
import { Badge } from '../../components/status.tsx';
import { toast } from '../../components/toast.ts';
import { tablesQuery } from '../../data/ask.ts';
import type { Column, Table } from '../../data/catalogue.ts';
import { addColumn, dropColumn, PLAIN_COLUMN, renameColumn } from '../../data/change-tables.ts';
import { useRunSql, type Change } from '../../data/run-sql.tsx';
import { structure as texts, tableForm } from '../../texts/en/tables.ts';
import { ColumnFields } from './column-fields.tsx';
import styles from './structure.module.css';

interface ColumnListProps {
  readonly project: string;
  readonly table: Table;
  readonly onChange: (change: Change) => void;
}

export function ColumnList({ project, table, onChange }: ColumnListProps) {
  const [adding, setAdding] = useState(false);
  const [renaming, setRenaming] = useState<string | null>(null);
  const canChange = table.own && (table.kind === 'table' || table.kind === 'partitioned');
  const drop = (name: string) =>
    onChange({
      title: texts.dropColumnTitle(name),
      description: texts.dropColumnWords,
      action: texts.drop,
      danger: true,
      name,
      sql: dropColumn(table.schema, table.name, name),
      done: () => toast.done(texts.done),
    });
  const actions: Shown<Column> = {
    id: 'actions',
    title: '',
    width: '52px',
    cell: ({ name }) => (
      <Menu trigger={<IconButton small icon="more" label={`${texts.actions}: ${name}`} />}>
        <MenuItem icon="edit" onSelect={() => setRenaming(name)}>
          {texts.rename}
        </MenuItem>
        <MenuItem icon="trash" danger onSelect={() => drop(name)}>
          {texts.drop}
        </MenuItem>
      </Menu>
    ),
  };
  return (
    <Section
      title={texts.columns}
      actions={
        canChange && (
          <Button small icon="plus" onClick={() => setAdding(true)}>
            {texts.addColumn}
          </Button>
        )
      }
    >
      <DataTable
        label={texts.columns}
        columns={[...columnsOf(table), ...(canChange ? [actions] : [])]}
        rows={table.columns}
        rowKey={({ name }) => name}
      />
      {adding && <AddColumn project={project} table={table} onClose={() => setAdding(false)} />}
      {renaming !== null && (
        <RenameColumn project={project} table={table} name={renaming} onClose={() => setRenaming(null)} />
      )}
    </Section>
  );
}

const columnsOf = (table: Table): readonly Shown<Column>[] => [
  {
    id: 'name',
    title: texts.column,
    cell: ({ name, comment }) => (
      <span className={styles['column']}>
        <span className={styles['name']}>
          {table.key.includes(name) && <Icon name="key" size={12} />} {name}
        </span>
        {comment !== null && <span className={styles['note']}>{comment}</span>}
      </span>
    ),
  },
  {
    id: 'type',
    title: texts.type,
    cell: ({ type, not_null: notNull, identity, generated, labels }) => (
      <span className={styles['column']}>
        <span className={styles['line']}>
          <code>{type}</code>
          {notNull && <Badge>{texts.notNull}</Badge>}
          {identity !== null && <Badge>{texts.identity}</Badge>}
          {generated && <Badge>{texts.generated}</Badge>}
        </span>
        {labels !== null && <span className={styles['note']}>{labels.join(' · ')}</span>}
      </span>
    ),
  },
  {
    id: 'default',
    title: texts.default,
    wideOnly: true,
    cell: ({ default: text }) =>
      text === null ? null : <code className={styles['definition']}>{text}</code>,
  },
];

interface DialogProps {
  readonly project: string;
  readonly table: Table;
  readonly onClose: () => void;
}

/** Runs what a form says; the form stays, with the reason, when PostgreSQL refuses it. */
function useSubmit(project: string, onDone: () => void) {
  const run = useRunSql(project);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent, text: string) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await run(text);
      onDone();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return { submit: (event: SubmitEvent, text: string) => void submit(event, text), error, busy };
}

function AddColumn({ project, table, onClose }: DialogProps) {
  const [column, setColumn] = useState(PLAIN_COLUMN);
  const { data: tables = [] } = useQuery(tablesQuery(project));
  const { submit, error, busy } = useSubmit(project, () => {
    toast.done(tableForm.added(column.name));
    onClose();
  });
  const text = addColumn(table.schema, table.name, column);
  return (
    <Dialog open wide title={tableForm.addTitle(table.name)} onOpenChange={onClose}>
      <form className={styles['form']} onSubmit={(event) => submit(event, text)}>
        <ColumnFields {...{ project, tables, column }} place={1} onChange={setColumn} more />
        <CodeBlock label={tableForm.sql} code={text} />
        {error !== null && <Notice tone="bad" error={error} />}
        <div className={styles['buttons']}>
          <Button
            type="submit"
            look="primary"
            busy={busy}
            disabled={column.name === '' || column.type.trim() === ''}
          >
            {tableForm.add}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function RenameColumn({ project, table, name, onClose }: DialogProps & { readonly name: string }) {
  const [to, setTo] = useState(name);
  const { submit, error, busy } = useSubmit(project, () => {
    toast.done(texts.done);
    onClose();
  });
  const text = renameColumn(table.schema, table.name, name, to);
  return (
    <Dialog open title={texts.renameTitle(name)} onOpenChange={onClose}>
      <form className={styles['form']} onSubmit={(event) => submit(event, text)}>
        <TextField
          label={texts.newName}
          value={to}
          onValueChange={setTo}
          autoComplete="off"
          spellCheck={false}
          mono
        />
        <CodeBlock label={tableForm.sql} code={text} />
        {error !== null && <Notice tone="bad" error={error} />}
        <div className={styles['buttons']}>
          <Button type="submit" look="primary" busy={busy} disabled={to === '' || to === name}>
            {texts.rename}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
