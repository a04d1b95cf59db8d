import { useMutation } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Link, Redirect, useSearch } from 'wouter';
import { api, dataOf } from '../../api/api.ts';
import { ApiProblem } from '../../api/problem.ts';
import { signIn, useSession } from '../../api/session.ts';
import { wayBack } from '../../way/way-back.ts';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { session as texts } from '../../texts/en/session.ts';
import { EmailField } from './email-field.tsx';
import { Door } from './door.tsx';
import { PasswordField } from './password-field.tsx';

const SHORTEST = 10;
const KNOWN: Readonly<Record<string, string>> = {
  'owner/email-taken': texts.emailTaken,
  'owner/invite-needed': texts.inviteNeeded,
  'owner/signup-closed': texts.signUpClosed,
};

export default function SignUp() {
  const search = useSearch();
  const { data: session } = useSession();
  if (session) return <Redirect to={wayBack(search)} replace />;
  return (
    <Door
      title={texts.signUpTitle}
      below={
        <>
          {texts.haveAccount} <Link href="/sign-in">{texts.toSignIn}</Link>
        </>
      }
    >
      {/* a link may carry an invite: /console/sign-up?invite=... */}
      <Form given={new URLSearchParams(search).get('invite') ?? ''} />
    </Door>
  );
}

function Form({ given }: { readonly given: string }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [invite, setInvite] = useState(given);
  const [short, setShort] = useState(false);
  const signing = useMutation({ mutationFn: () => signUp(email, password, invite) });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const isShort = password.length < SHORTEST;
    setShort(isShort);
    if (!isShort) signing.mutate();
  };
  const problem = signing.error instanceof ApiProblem ? signing.error : undefined;
  return (
    <form onSubmit={submit}>
      <EmailField value={email} onValueChange={setEmail} error={problem?.faultOf('email')} />
      <PasswordField
        autoComplete="new-password"
        hint={texts.passwordHint}
        error={short ? texts.passwordShort : problem?.faultOf('password')}
        value={password}
        onValueChange={setPassword}
      />
      <TextField
        label={texts.invite}
        name="invite"
        optional
        hint={texts.inviteHint}
        autoComplete="off"
        spellCheck={false}
        mono
        value={invite}
        onValueChange={setInvite}
      />
      {signing.error && (
        <Notice tone="bad" error={signing.error}>
          {problem && KNOWN[problem.code]}
        </Notice>
      )}
      <Button type="submit" look="primary" busy={signing.isPending}>
        {texts.signUp}
      </Button>
    </form>
  );
}

async function signUp(email: string, password: string, invite: string): Promise<void> {
  const body = { email, password, ...(invite !== '' && { invite }) };
  await dataOf(api.POST('/api/owners/signup', { body }));
  await signIn(email, password);
}
