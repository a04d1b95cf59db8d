import { Combobox as Base } from '@base-ui/react/combobox';
import { components as texts } from '../texts/en/components.ts';
import { FormField } from './field.tsx';
import { Icon } from './icon.tsx';
import styles from './popup.module.css';
import type { Option } from './select.tsx';

interface ComboboxProps<T extends string> {
  readonly label: string;
  readonly hideLabel?: boolean;
  readonly hint?: string;
  readonly error?: string | undefined;
  readonly placeholder?: string;
  readonly options: readonly Option<T>[];
  /** null: nothing is chosen */
  readonly value: T | null;
  readonly onValueChange: (value: T | null) => void;
  readonly disabled?: boolean;
}

/** One of many, found by typing a part of its label. */
export function Combobox<T extends string>({
  options,
  value,
  onValueChange,
  placeholder,
  disabled = false,
  ...field
}: ComboboxProps<T>) {
  const chosen = options.find((option) => option.value === value) ?? null;
  return (
    <FormField {...field}>
      <Base.Root
        items={[...options]}
        value={chosen}
        disabled={disabled}
        onValueChange={(option) => onValueChange(option?.value ?? null)}
      >
        <div className={styles['box']}>
          <Base.Input className={styles['input']} placeholder={placeholder} />
          <Base.Trigger className={styles['open']} aria-label={texts.show}>
            <Icon name="down" size={14} />
          </Base.Trigger>
        </div>
        <Base.Portal>
          <Base.Positioner className={styles['positioner']} sideOffset={5}>
            <Base.Popup className={styles['popup']}>
              <Base.Empty className={styles['empty']}>{texts.noMatch}</Base.Empty>
              <Base.List>
                {(option: Option<T>) => (
                  <Base.Item key={option.value} value={option} className={styles['item']}>
                    <span className={styles['grow']}>{option.label}</span>
                    <span className={styles['tick']}>
                      <Base.ItemIndicator>
                        <Icon name="check" />
                      </Base.ItemIndicator>
                    </span>
                  </Base.Item>
                )}
              </Base.List>
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </FormField>
  );
}
