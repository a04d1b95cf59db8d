import { useMutation } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Link, Redirect, useSearch } from 'wouter';
import { signIn, useSession } from '../../api/session.ts';
import { wayBack } from '../../way/way-back.ts';
import { Button } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { session as texts } from '../../texts/en/session.ts';
import { Door } from './door.tsx';
import { EmailField } from './email-field.tsx';
import { PasswordField } from './password-field.tsx';
import { SignInFailed } from './sign-in-failed.tsx';

export default function SignIn() {
  const search = useSearch();
  const { data: session } = useSession();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signing = useMutation({ mutationFn: () => signIn(email, password) });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    signing.mutate();
  };
  if (session) return <Redirect to={wayBack(search)} replace />;
  const { error } = signing;
  return (
    <Door
      title={texts.signInTitle}
      below={
        <>
          {texts.noAccount}{' '}
          <Link href={`/sign-up${search === '' ? '' : `?${search}`}`}>{texts.toSignUp}</Link>
        </>
      }
    >
      {search.includes('next=') && !error && <Notice>{texts.ended}</Notice>}
      <form onSubmit={submit}>
        <EmailField value={email} onValueChange={setEmail} />
        <PasswordField autoComplete="current-password" value={password} onValueChange={setPassword} />
        <SignInFailed error={error} />
        <Button type="submit" look="primary" busy={signing.isPending}>
          {texts.signIn}
        </Button>
      </form>
    </Door>
  );
}
