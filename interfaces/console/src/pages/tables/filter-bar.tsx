import { useState, type SubmitEvent } from 'react';
import { Button, IconButton } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Select } from '../../components/select.tsx';
import type { Column } from '../../data/catalogue.ts';
import { OPERATORS, takesValue, type Filter, type Operator } from '../../data/filters.ts';
import { rows as texts } from '../../texts/en/tables.ts';
import styles from './rows-view.module.css';

interface FilterBarProps {
  readonly columns: readonly Column[];
  readonly filters: readonly Filter[];
  readonly onChange: (filters: readonly Filter[]) => void;
}

const filterWords = ({ column, operator, value }: Filter): string =>
  `${column} ${texts.operators[operator]}${takesValue(operator) ? ` ${value === '' ? "''" : value}` : ''}`;

/** The conditions that there are, each with a button that removes it. */
export function FilterChips({ filters, onChange }: Omit<FilterBarProps, 'columns'>) {
  return filters.map((filter, at) => (
    <span key={filterWords(filter)} className={styles['chip']}>
      <span className={styles['words']}>{filterWords(filter)}</span>
      <IconButton
        small
        icon="close"
        label={texts.removeFilter(filterWords(filter))}
        onClick={() => onChange(filters.toSpliced(at, 1))}
      />
    </span>
  ));
}

/** A condition more. */
export function FilterForm({ columns, filters, onChange }: FilterBarProps) {
  const [column, setColumn] = useState(columns[0]?.name ?? '');
  const [operator, setOperator] = useState<Operator>('eq');
  const [value, setValue] = useState('');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onChange([...filters, { column, operator, value: takesValue(operator) ? value : '' }]);
    setValue('');
  };
  return (
    <form className={styles['filter']} onSubmit={submit}>
      <Select
        label={texts.column}
        hideLabel
        options={columns.map(({ name }) => ({ value: name, label: name }))}
        value={column}
        onValueChange={setColumn}
      />
      <Select
        label={texts.condition}
        hideLabel
        options={OPERATORS.map((one) => ({ value: one, label: texts.operators[one] }))}
        value={operator}
        onValueChange={setOperator}
      />
      <TextField
        label={texts.value}
        hideLabel
        placeholder={texts.value}
        value={value}
        onValueChange={setValue}
        disabled={!takesValue(operator)}
        autoComplete="off"
        spellCheck={false}
        mono
      />
      <Button type="submit">{texts.addFilter}</Button>
    </form>
  );
}
