import { useMutation } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Link } from 'wouter';
import { signInOperator } from '../../api/operator.ts';
import { Button } from '../../components/button.tsx';
import { operator as texts } from '../../texts/en/operator.ts';
import { Door } from '../session/door.tsx';
import styles from './operator.module.css';
import { TokenField, TokenRefused } from './token-field.tsx';

export function OperatorSignIn() {
  const [token, setToken] = useState('');
  const signing = useMutation({ mutationFn: () => signInOperator(token.trim()) });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    signing.mutate();
  };
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
        <TokenField hint={texts.tokenHint} value={token} onValueChange={setToken} />
        {signing.error && <TokenRefused error={signing.error} />}
        <Button type="submit" look="primary" busy={signing.isPending} disabled={token.trim() === ''}>
          {texts.signIn}
        </Button>
      </form>
    </Door>
  );
}
