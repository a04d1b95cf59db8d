import { TextField } from '../../components/field.tsx';
import { session as texts } from '../../texts/en/session.ts';

interface EmailFieldProps {
  readonly error?: string | undefined;
  readonly value: string;
  readonly onValueChange: (value: string) => void;
}

export function EmailField(props: EmailFieldProps) {
  return (
    <TextField
      {...props}
      label={texts.email}
      type="email"
      name="email"
      autoComplete="username"
      // the one thing to do there
      // oxlint-disable-next-line jsx-a11y/no-autofocus
      autoFocus
      required
    />
  );
}
