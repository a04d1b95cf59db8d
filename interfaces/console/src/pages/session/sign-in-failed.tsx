import { isProblem } from '../../api/problem.ts';
import { Notice } from '../../components/notice.tsx';
import { session as texts } from '../../texts/en/session.ts';

export function SignInFailed({ error }: { readonly error: Error | null }) {
  if (!error) return null;
  return isProblem(error, 'owner/invalid-credentials') ? (
    <Notice tone="bad">{texts.wrong}</Notice>
  ) : (
    <Notice tone="bad" error={error} />
  );
}
