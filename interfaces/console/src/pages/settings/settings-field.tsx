import { TextField } from '../../components/field.tsx';
import { Select } from '../../components/select.tsx';
import { Checkbox, Switch } from '../../components/toggle.tsx';
import type { FieldWords } from '../../texts/en/setting-fields.ts';
import { SecretField } from './secret-field.tsx';
import type { DraftValue, Field, SecretDraft } from './settings-fields.ts';
import styles from './settings.module.css';

interface SettingsFieldProps {
  readonly field: Field;
  readonly words: FieldWords;
  readonly value: DraftValue | undefined;
  readonly fault: string | undefined;
  readonly onEdit: (value: DraftValue) => void;
}

/** The control that a kind of field has. */
export function SettingsField(props: SettingsFieldProps) {
  switch (props.field.kind) {
    case 'part':
    case 'switch':
      return <OnOff {...props} />;
    case 'several':
      return <Several {...props} of={props.field.of} />;
    case 'one':
      return <One {...props} of={props.field.of} />;
    case 'secret':
      return (
        <SecretField
          words={props.words}
          draft={props.value as SecretDraft}
          fault={props.fault}
          onEdit={props.onEdit}
          {...(props.field.makes && { make: props.field.makes })}
        />
      );
    case 'number':
    case 'size':
    case 'text':
    case 'lines':
      return <Typed {...props} />;
  }
}

function Typed({ field, words: { label, hint, unit }, value, fault, onEdit }: SettingsFieldProps) {
  const rows = field.kind === 'lines' ? 3 : field.kind === 'text' && field.long ? 10 : undefined;
  return (
    <TextField
      label={label}
      hint={hint}
      error={fault}
      className={rows === undefined ? undefined : styles['whole']}
      mono={rows !== undefined}
      autoComplete="off"
      spellCheck={false}
      value={typeof value === 'string' ? value : ''}
      onValueChange={onEdit}
      {...(field.kind === 'number' && { inputMode: 'numeric' as const })}
      {...(rows !== undefined && { rows })}
      {...(unit !== undefined && { after: <span className={styles['unit']}>{unit}</span> })}
    />
  );
}

function OnOff({ field, words: { label, hint }, value, fault, onEdit }: SettingsFieldProps) {
  return (
    <div className={field.kind === 'part' ? styles['whole'] : undefined}>
      <Switch label={label} hint={hint} checked={value === true} onCheckedChange={onEdit} />
      {fault !== undefined && (
        <p role="alert" className={styles['bad']}>
          {fault}
        </p>
      )}
    </div>
  );
}

type Choosing = SettingsFieldProps & { readonly of: readonly string[] };

function Several({ words: { label, options }, value, fault, of, onEdit }: Choosing) {
  const chosen = Array.isArray(value) ? (value as readonly string[]) : [];
  return (
    <fieldset className={styles['several']}>
      <legend>{label}</legend>
      {of.map((one) => (
        <Checkbox
          key={one}
          label={options?.[one] ?? one}
          checked={chosen.includes(one)}
          onCheckedChange={(is) => onEdit(is ? [...chosen, one] : chosen.filter((other) => other !== one))}
        />
      ))}
      {fault !== undefined && (
        <p role="alert" className={styles['bad']}>
          {fault}
        </p>
      )}
    </fieldset>
  );
}

function One({ words: { label, hint, options }, value, fault, of, onEdit }: Choosing) {
  return (
    <Select
      label={label}
      error={fault}
      options={of.map((one) => ({ value: one, label: options?.[one] ?? one }))}
      value={typeof value === 'string' ? value : ''}
      onValueChange={onEdit}
      {...(hint !== undefined && { hint })}
    />
  );
}
