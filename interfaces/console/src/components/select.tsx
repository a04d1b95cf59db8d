import { Select as Base } from '@base-ui/react/select';
import { FormField } from './field.tsx';
import { Icon } from './icon.tsx';
import styles from './popup.module.css';

export interface Option<T extends string> {
  readonly value: T;
  readonly label: string;
}

interface SelectProps<T extends string> {
  readonly label: string;
  readonly hideLabel?: boolean;
  readonly hint?: string;
  readonly error?: string | undefined;
  readonly options: readonly Option<T>[];
  readonly value: T;
  readonly onValueChange: (value: T) => void;
  readonly disabled?: boolean;
  readonly className?: string | undefined;
}

/** One of a few. Of many: {@link Combobox}, which can be searched. */
export function Select<T extends string>({
  options,
  value,
  onValueChange,
  disabled = false,
  ...field
}: SelectProps<T>) {
  return (
    <FormField {...field}>
      <Base.Root
        items={[...options]}
        value={value}
        disabled={disabled}
        onValueChange={(chosen) => chosen !== null && onValueChange(chosen)}
      >
        <Base.Trigger className={styles['trigger']}>
          <Base.Value />
          <Base.Icon>
            <Icon name="down" size={14} />
          </Base.Icon>
        </Base.Trigger>
        <Base.Portal>
          <Base.Positioner className={styles['positioner']} sideOffset={5} alignItemWithTrigger={false}>
            <Base.Popup className={styles['popup']}>
              <Base.List>
                {options.map((option) => (
                  <Base.Item key={option.value} value={option.value} className={styles['item']}>
                    <Base.ItemText className={styles['grow']}>{option.label}</Base.ItemText>
                    <span className={styles['tick']}>
                      <Base.ItemIndicator>
                        <Icon name="check" />
                      </Base.ItemIndicator>
                    </span>
                  </Base.Item>
                ))}
              </Base.List>
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </FormField>
  );
}
