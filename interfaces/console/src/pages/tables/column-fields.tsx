import { useQuery } from '@tanstack/react-query';
import { Combobox } from '../../components/combobox.tsx';
import { IconButton } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Select } from '../../components/select.tsx';
import { Checkbox } from '../../components/toggle.tsx';
import { tableQuery } from '../../data/ask.ts';
import type { TableSummary } from '../../data/catalogue.ts';
import type { NewColumn } from '../../data/change-tables.ts';
import { tableForm as texts } from '../../texts/en/tables.ts';
import styles from './create-table.module.css';

const TYPES = [
  'text',
  'integer',
  'bigint',
  'numeric',
  'double precision',
  'boolean',
  'uuid',
  'timestamptz',
  'timestamp',
  'date',
  'time',
  'interval',
  'jsonb',
  'json',
  'bytea',
  'text[]',
  'integer[]',
  'uuid[]',
  'varchar(255)',
  'inet',
  'tsvector',
];
const TYPE_LIST = 'types-of-columns';

interface ColumnFieldsProps {
  readonly project: string;
  /** counted from 1 */
  readonly place: number;
  readonly tables: readonly TableSummary[];
  readonly column: NewColumn;
  readonly onChange: (column: NewColumn) => void;
  readonly onRemove?: (() => void) | undefined;
  /** the table exists: its key is not changed by a column more */
  readonly more?: true;
}

/** What a column is, in a frame of its own. */
export function ColumnFields({
  project,
  place,
  tables,
  column,
  onChange,
  onRemove,
  more,
}: ColumnFieldsProps) {
  const change = (part: Partial<NewColumn>) => onChange({ ...column, ...part });
  return (
    <div className={styles['column']} role="group" aria-label={column.name || texts.columnName(place)}>
      <div className={styles['fields']}>
        <TextField
          label={texts.nameShort}
          aria-label={texts.columnName(place)}
          value={column.name}
          onValueChange={(name) => change({ name })}
          autoComplete="off"
          spellCheck={false}
          mono
        />
        <TextField
          label={texts.typeShort}
          aria-label={texts.columnType(place)}
          value={column.type}
          onValueChange={(type) => change({ type })}
          list={TYPE_LIST}
          autoComplete="off"
          spellCheck={false}
          mono
        />
        <TextField
          label={texts.defaultShort}
          aria-label={texts.columnDefault(place)}
          value={column.default}
          onValueChange={(text) => change({ default: text })}
          disabled={column.identity}
          autoComplete="off"
          spellCheck={false}
          mono
        />
        {onRemove && <IconButton icon="trash" label={texts.removeColumn(place)} onClick={onRemove} />}
      </div>
      <Checks column={column} change={change} more={more} />
      <References {...{ project, tables, column, change }} />
    </div>
  );
}

interface ChecksProps {
  readonly column: NewColumn;
  readonly change: (part: Partial<NewColumn>) => void;
  readonly more: true | undefined;
}

/** What can be said of a column with yes or no. */
function Checks({ column, change, more }: ChecksProps) {
  return (
    <>
      <datalist id={TYPE_LIST}>
        {TYPES.map((type) => (
          <option key={type}>{type}</option>
        ))}
      </datalist>
      <div className={styles['checks']}>
        {!more && (
          <Checkbox label={texts.key} checked={column.inKey} onCheckedChange={(inKey) => change({ inKey })} />
        )}
        <Checkbox
          label={texts.notNull}
          checked={column.notNull || column.inKey || column.identity}
          disabled={column.inKey || column.identity}
          onCheckedChange={(notNull) => change({ notNull })}
        />
        <Checkbox
          label={texts.unique}
          checked={column.unique}
          onCheckedChange={(unique) => change({ unique })}
        />
        {/^(small|big)?int(eger|2|4|8)?$/i.test(column.type.trim()) && (
          <Checkbox
            label={texts.identity}
            checked={column.identity}
            onCheckedChange={(identity) => change({ identity })}
          />
        )}
      </div>
    </>
  );
}

interface ReferencesProps {
  readonly project: string;
  readonly tables: readonly TableSummary[];
  readonly column: NewColumn;
  readonly change: (part: Partial<NewColumn>) => void;
}

/** Which table, and which of its columns that tell its rows apart. */
function References({ project, tables, column: { references, type }, change }: ReferencesProps) {
  const options = tables
    .filter(
      ({ kind, schema, own }) => (kind === 'table' || kind === 'partitioned') && (own || schema === 'auth'),
    )
    .map(({ schema, name }) => ({ value: JSON.stringify([schema, name]), label: `${schema}.${name}` }));
  const { data } = useQuery({
    ...tableQuery(project, references?.schema ?? '', references?.table ?? ''),
    enabled: references !== null,
  });
  const choose = (value: string | null) => {
    const [schema = '', table = ''] = value === null ? [] : (JSON.parse(value) as string[]);
    const isUsers = schema === 'auth' && table === 'users';
    change({
      references: value === null ? null : { schema, table, column: 'id' },
      ...(isUsers && type === 'text' && { type: 'uuid' }),
    });
  };
  return (
    <div className={styles['pair']}>
      <Combobox
        label={texts.references}
        placeholder={texts.nothing}
        options={options}
        value={references && JSON.stringify([references.schema, references.table])}
        onValueChange={choose}
      />
      {references && (
        <Select
          label={texts.nameShort}
          options={(data?.columns ?? [{ name: references.column }]).map(({ name }) => ({
            value: name,
            label: name,
          }))}
          value={references.column}
          onValueChange={(column) => change({ references: { ...references, column } })}
        />
      )}
    </div>
  );
}
