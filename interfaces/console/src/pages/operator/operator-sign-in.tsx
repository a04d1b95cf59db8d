import { useMutation } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Link } from 'wouter';
import { signInOperator } from '../../api/operator.ts';
import { isProblem } from '../../api/problem.ts';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { operator as texts } from '../../texts/en/operator.ts';
import { Door } from '../session/door.tsx';
import styles from './operator.module.css';

/** The token goes into a cookie that no script reads: nothing of it stays here. */
export function OperatorSignIn() {
  const [token, setToken] = useState('');
  const signing = useMutation({ mutationFn: () => signInOperator(token.trim()) });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    signing.mutate();
  };
  const { error } = signing;
  return (
    <Door
      title={texts.signInTitle}
      below={
        <>
          {texts.isOwner}{' '}
          <Link href="/" className={styles['inText']}>
            {texts.toOwners}
          </Link>
        </>
      }
    >
      <form onSubmit={submit}>
        <TextField
          label={texts.token}
          hint={texts.tokenHint}
          type="password"
          autoComplete="off"
          spellCheck={false}
          required
          mono
          placeholder="ldo_…"
          value={token}
          onValueChange={setToken}
        />
        {error &&
          (isProblem(error, 'request/unauthenticated') ? (
            <Notice tone="bad">{texts.wrongToken}</Notice>
          ) : (
            <Notice tone="bad" error={error} />
          ))}
        <Button type="submit" look="primary" busy={signing.isPending} disabled={token.trim() === ''}>
          {texts.signIn}
        </Button>
      </form>
    </Door>
  );
}
