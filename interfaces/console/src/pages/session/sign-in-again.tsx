/** Over the page of whoever was in: they go on as if nothing had happened, and nobody else sees what is behind it. */
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { createPortal } from 'react-dom';
import { forgetEverything, lookForSession, signIn, type Session } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { holdOpen } from '../../components/unsaved.ts';
import { session as texts } from '../../texts/en/session.ts';
import styles from './door.module.css';
import { PasswordField } from './password-field.tsx';
import { SignInFailed } from './sign-in-failed.tsx';

export default function SignInAgain({ session: { email } }: { readonly session: Session }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [password, setPassword] = useState('');
  const signing = useMutation({ mutationFn: () => signIn(email, password) });
  useEffect(() => {
    // the browser's own is above any dialog of the page, and whatever is behind it can neither be reached nor read
    dialog.current?.showModal();
    holdOpen(true);
    const look = () => void lookForSession();
    addEventListener('focus', look);
    return () => {
      removeEventListener('focus', look);
      holdOpen(false);
    };
  }, []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    signing.mutate();
  };
  return createPortal(
    <dialog
      ref={dialog}
      className={styles['again']}
      aria-labelledby="sign-in-again"
      onCancel={(event) => event.preventDefault()}
      // browsers let who presses Escape again and again out of anything
      onClose={() => dialog.current?.showModal()}
    >
      <h2 id="sign-in-again">{texts.endedTitle}</h2>
      <p className={styles['below']}>{texts.endedAs(email)}</p>
      <form onSubmit={submit}>
        <input type="hidden" name="email" autoComplete="username" value={email} />
        <PasswordField autoComplete="current-password" value={password} onValueChange={setPassword} />
        <SignInFailed error={signing.error} />
        <Button type="submit" look="primary" busy={signing.isPending}>
          {texts.signIn}
        </Button>
        <Button look="quiet" onClick={forgetEverything}>
          {texts.other}
        </Button>
      </form>
    </dialog>,
    document.body,
  );
}
