import { useState } from 'react';
import { useLocation } from 'wouter';
import { api, dataOf } from '../../api/api.ts';
import { isProblem } from '../../api/problem.ts';
import { forgetEverything } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Section } from '../../components/page.tsx';
import { account as texts } from '../../texts/en/account.ts';
import styles from './account.module.css';

export function EraseAccount() {
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState('');
  const [wrong, setWrong] = useState(false);
  const [, navigate] = useLocation();
  const change = (now: boolean) => {
    setPassword('');
    setWrong(false);
    setOpen(now);
  };
  const erase = async () => {
    try {
      await dataOf(api.DELETE('/api/owners/me', { body: { password } }));
    } catch (error) {
      setWrong(isProblem(error, 'owner/invalid-credentials'));
      throw error;
    }
    forgetEverything();
    navigate('/sign-in');
  };
  return (
    <Section title={texts.danger} danger>
      <div className={styles['row']}>
        <div>
          <h3>{texts.eraseTitle}</h3>
          <p className={styles['soft']}>{texts.eraseHint}</p>
        </div>
        <Button look="risky" onClick={() => change(true)}>
          {texts.erase}
        </Button>
      </div>
      <ConfirmDialog
        open={open}
        onOpenChange={change}
        title={texts.eraseQuestion}
        description={texts.eraseHint}
        action={texts.erase}
        danger
        onConfirm={erase}
      >
        <TextField
          label={texts.password}
          type="password"
          autoComplete="current-password"
          required
          error={wrong ? texts.wrongPassword : undefined}
          value={password}
          onValueChange={setPassword}
        />
      </ConfirmDialog>
    </Section>
  );
}
