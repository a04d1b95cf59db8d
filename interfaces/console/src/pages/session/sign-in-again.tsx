import { useState } from 'react';
import { forgetEverything, lookForSession, signIn, type Session } from '../../api/session.ts';
import { session as texts } from '../../texts/en/session.ts';
import { Again } from './again.tsx';
import { PasswordField } from './password-field.tsx';
import { SignInFailed } from './sign-in-failed.tsx';

export default function SignInAgain({ session: { email } }: { readonly session: Session }) {
  const [password, setPassword] = useState('');
  return (
    <Again
      hint={texts.endedAs(email)}
      field={
        <>
          <input type="hidden" name="email" autoComplete="username" value={email} />
          <PasswordField autoComplete="current-password" value={password} onValueChange={setPassword} />
        </>
      }
      signIn={() => signIn(email, password)}
      failed={(error) => <SignInFailed error={error} />}
      look={lookForSession}
      other={{ label: texts.other, act: forgetEverything }}
    />
  );
}
