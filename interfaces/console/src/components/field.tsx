import { Field } from '@base-ui/react/field';
import type { ComponentProps, ReactNode } from 'react';
import { components as texts } from '../texts/en/components.ts';
import { classes } from './classes.ts';
import styles from './field.module.css';

interface FormFieldProps {
  readonly label: ReactNode;
  /** read out, not shown: where what stands beside it says the same */
  readonly hideLabel?: boolean;
  readonly hint?: ReactNode;
  /** what is wrong with it: `ApiProblem.faultOf(name)` */
  readonly error?: string | undefined;
  readonly optional?: boolean;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

/** A label, a control, what helps and what is wrong, all of which belong together for whoever does not see them. */
export function FormField({ label, hideLabel, hint, error, optional, className, children }: FormFieldProps) {
  return (
    <Field.Root invalid={error !== undefined} className={classes(styles['field'], className)}>
      <Field.Label className={hideLabel ? 'aside' : styles['label']}>
        {label}
        {optional && <span className={styles['optional']}> {texts.optional}</span>}
      </Field.Label>
      {children}
      {error !== undefined ? (
        <Field.Error match className={styles['error']}>
          {error}
        </Field.Error>
      ) : (
        hint !== undefined && <Field.Description className={styles['hint']}>{hint}</Field.Description>
      )}
    </Field.Root>
  );
}

export type TextFieldProps = Omit<FormFieldProps, 'children'> &
  Omit<ComponentProps<typeof Field.Control>, 'className' | 'children' | 'render'> & {
    readonly mono?: boolean;
    /** a text of several lines */
    readonly rows?: number;
    /** before what is typed, in the same box */
    readonly before?: ReactNode;
    readonly after?: ReactNode;
  };

export function TextField({
  label,
  hideLabel = false,
  hint,
  error,
  optional = false,
  className,
  mono,
  rows,
  before,
  after,
  ...control
}: TextFieldProps) {
  return (
    <FormField {...{ label, hideLabel, hint, error, optional, className }}>
      <div className={classes(styles['box'], rows !== undefined && styles['tall'])}>
        {before !== undefined && <span className={styles['beside']}>{before}</span>}
        <Field.Control
          {...control}
          {...(rows !== undefined && { render: <textarea rows={rows} /> })}
          className={classes(styles['input'], mono && styles['mono'])}
        />
        {after !== undefined && <span className={styles['beside']}>{after}</span>}
      </div>
    </FormField>
  );
}
