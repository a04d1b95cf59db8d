import { isProblem } from '../../api/problem.ts';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { operator as texts } from '../../texts/en/operator.ts';

interface TokenFieldProps {
  readonly hint?: string;
  readonly value: string;
  readonly onValueChange: (value: string) => void;
}

/** The token goes into a cookie that no script reads: nothing of it stays here. */
export function TokenField(field: TokenFieldProps) {
  return (
    <TextField
      {...field}
      label={texts.token}
      type="password"
      autoComplete="off"
      spellCheck={false}
      required
      mono
      placeholder="ldo_…"
    />
  );
}

export function TokenRefused({ error }: { readonly error: Error }) {
  return isProblem(error, 'request/unauthenticated') ? (
    <Notice tone="bad">{texts.wrongToken}</Notice>
  ) : (
    <Notice tone="bad" error={error} />
  );
}
