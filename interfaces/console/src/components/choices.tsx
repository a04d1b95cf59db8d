import { useId } from 'react';
import styles from './choices.module.css';

interface ChoicesProps<T extends string> {
  /** of them all, read out */
  readonly label: string;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly value: T;
  readonly onValueChange: (value: T) => void;
}

/** One of a few short ones, all of which are seen. They are radio buttons, whatever they look like. */
export function Choices<T extends string>({ label, options, value, onValueChange }: ChoicesProps<T>) {
  const name = useId();
  return (
    <fieldset className={styles['choices']}>
      <legend className="aside">{label}</legend>
      {options.map((option) => (
        <label key={option.value} className={styles['choice']}>
          <input
            type="radio"
            className="aside"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onValueChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
