import { useState, type SubmitEvent } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Select } from '../../components/select.tsx';
import { toast } from '../../components/toast.ts';
import { run } from '../../data/ask.ts';
import type { Column } from '../../data/catalogue.ts';
import { cellKind } from '../../data/cell-types.ts';
import { insertQuery, isWritable } from '../../data/change-rows.ts';
import type { ReadTable } from '../../data/read-rows.ts';
import { rows as texts } from '../../texts/en/tables.ts';
import styles from './insert-row.module.css';

type Mode = 'default' | 'null' | 'value';
interface Given {
  readonly mode: Mode;
  readonly text: string;
}

const hasDefault = (column: Column) => column.default !== null || column.identity !== null;
const first = (column: Column): Given => ({
  mode: hasDefault(column) ? 'default' : column.not_null ? 'value' : 'null',
  text: '',
});

interface InsertRowProps {
  readonly project: string;
  readonly table: ReadTable;
  readonly onClose: () => void;
  readonly onAdded: () => void;
}

export function InsertRow({ project, table, onClose, onAdded }: InsertRowProps) {
  const columns = table.columns.filter(isWritable);
  const [given, setGiven] = useState<ReadonlyMap<string, Given>>(
    () => new Map(columns.map((column) => [column.name, first(column)])),
  );
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    const values = [...given].flatMap(([name, { mode, text }]): [string, string | null][] =>
      mode === 'default' ? [] : [[name, mode === 'null' ? null : text]],
    );
    try {
      await run(project, insertQuery(table, new Map(values)));
      toast.done(texts.added);
      onAdded();
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      wide
      title={texts.insertTitle(table.name)}
      description={texts.insertHint}
      onOpenChange={onClose}
    >
      <form className={styles['form']} onSubmit={(event) => void submit(event)}>
        {columns.map((column) => (
          <ColumnValue
            key={column.name}
            column={column}
            given={given.get(column.name) ?? first(column)}
            onChange={(to) => setGiven((before) => new Map(before).set(column.name, to))}
          />
        ))}
        {error !== null && <Notice tone="bad" error={error} />}
        <div className={styles['buttons']}>
          <Button onClick={onClose}>{texts.cancel}</Button>
          <Button type="submit" look="primary" busy={busy}>
            {texts.add}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface ColumnValueProps {
  readonly column: Column;
  readonly given: Given;
  readonly onChange: (given: Given) => void;
}

function ColumnValue({ column, given, onChange }: ColumnValueProps) {
  const { name, type, labels, base } = column;
  const choices = labels ?? (cellKind(base) === 'boolean' ? ['true', 'false'] : null);
  const modes: Mode[] = [
    ...(hasDefault(column) ? (['default'] as const) : []),
    ...(column.not_null ? [] : (['null'] as const)),
    'value',
  ];
  const words = { default: texts.isDefault, null: texts.isNull, value: texts.isValue };
  const label = (
    <>
      {name} <span className={styles['type']}>{type}</span>
    </>
  );
  return (
    <div className={styles['line']}>
      {choices ? (
        <Select
          label={`${name} ${type}`}
          options={[{ value: '', label: '' }, ...choices.map((choice) => ({ value: choice, label: choice }))]}
          value={given.mode === 'value' ? given.text : ''}
          onValueChange={(text) => onChange({ mode: 'value', text })}
        />
      ) : (
        <TextField
          label={label}
          value={given.mode === 'value' ? given.text : ''}
          placeholder={
            given.mode === 'default'
              ? (column.default ?? texts.generated)
              : given.mode === 'null'
                ? 'NULL'
                : ''
          }
          onValueChange={(text) => onChange({ mode: 'value', text })}
          {...(['json', 'text'].includes(cellKind(base)) && { rows: given.text.includes('\n') ? 4 : 1 })}
          autoComplete="off"
          spellCheck={false}
          mono
        />
      )}
      <Select
        label={`${name}: ${words[given.mode]}`}
        hideLabel
        options={modes.map((mode) => ({ value: mode, label: words[mode] }))}
        value={given.mode}
        onValueChange={(mode) => onChange({ ...given, mode })}
      />
    </div>
  );
}
