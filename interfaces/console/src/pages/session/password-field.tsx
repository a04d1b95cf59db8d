import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { components } from '../../texts/en/components.ts';
import { session as texts } from '../../texts/en/session.ts';

interface PasswordFieldProps {
  readonly autoComplete: 'current-password' | 'new-password';
  readonly label?: string;
  readonly hint?: string;
  readonly error?: string | undefined;
  readonly value: string;
  readonly onValueChange: (value: string) => void;
}

/** A password, which can be looked at while it is typed. */
export function PasswordField({ label = texts.password, ...field }: PasswordFieldProps) {
  const [shown, setShown] = useState(false);
  return (
    <TextField
      {...field}
      label={label}
      type={shown ? 'text' : 'password'}
      name="password"
      required
      maxLength={200}
      spellCheck={false}
      after={
        <Button
          look="quiet"
          small
          aria-label={shown ? texts.hidePassword : texts.showPassword}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          {shown ? components.hide : components.show}
        </Button>
      }
    />
  );
}
