import { Checkbox as BaseCheckbox } from '@base-ui/react/checkbox';
import { Field } from '@base-ui/react/field';
import { Switch as BaseSwitch } from '@base-ui/react/switch';
import type { ReactNode } from 'react';
import styles from './field.module.css';
import { Icon } from './icon.tsx';

interface ToggleProps {
  readonly label: ReactNode;
  /** read out, not shown */
  readonly hideLabel?: boolean;
  readonly hint?: ReactNode;
  readonly checked: boolean;
  readonly onCheckedChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}

/** One of several things to have, in force when a form is sent. */
export function Checkbox({
  indeterminate = false,
  ...props
}: ToggleProps & { readonly indeterminate?: boolean }) {
  const { checked, onCheckedChange, disabled = false } = props;
  return (
    <Beside {...props}>
      <BaseCheckbox.Root
        {...{ checked, indeterminate, disabled, onCheckedChange }}
        className={styles['check']}
      >
        <BaseCheckbox.Indicator>
          <Icon name="check" size={12} />
        </BaseCheckbox.Indicator>
      </BaseCheckbox.Root>
    </Beside>
  );
}

/** On or off. */
export function Switch(props: ToggleProps) {
  const { checked, onCheckedChange, disabled = false } = props;
  return (
    <Beside {...props}>
      <BaseSwitch.Root {...{ checked, disabled, onCheckedChange }} className={styles['switch']}>
        <BaseSwitch.Thumb className={styles['thumb']} />
      </BaseSwitch.Root>
    </Beside>
  );
}

function Beside({ label, hideLabel, hint, children }: ToggleProps & { readonly children: ReactNode }) {
  return (
    <Field.Root className={styles['row']}>
      {children}
      <div className={hideLabel ? 'aside' : styles['words']}>
        <Field.Label>{label}</Field.Label>
        {hint !== undefined && <Field.Description className={styles['hint']}>{hint}</Field.Description>}
      </div>
    </Field.Root>
  );
}
