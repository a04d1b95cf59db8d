import { useState, type SubmitEvent } from 'react';
import { useAct } from '../../components/act.ts';
import { Section } from '../../components/page.tsx';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { useUnsaved } from '../../components/unsaved.ts';
import { user as texts, users as words } from '../../texts/en/users.ts';
import type { User } from './auth-admin.ts';
import { useUsers } from './use-users.ts';
import styles from './users.module.css';

/** How they are reached and sign in. Only what was changed is sent. */
export function UserAccount({ user }: { readonly user: User }) {
  const { admin } = useUsers();
  const { act } = useAct('users');
  const [typed, setTyped] = useState({ email: user.email, phone: user.phone, password: '' });
  const [asked, setAsked] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  const change = {
    ...(typed.email.trim() !== user.email && { email: typed.email.trim(), email_confirm: true }),
    ...(typed.phone.trim() !== user.phone && { phone: typed.phone.trim(), phone_confirm: true }),
    ...(typed.password !== '' && { password: typed.password }),
  };
  useUnsaved(Object.keys(change).length > 0);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    setAsked({ busy: true, error: null });
    try {
      await act(texts.saved, () => admin.change(user.id, change));
      setAsked({ busy: false, error: null });
      setTyped((now) => ({ ...now, password: '' }));
    } catch (error) {
      setAsked({ busy: false, error });
    }
  };
  const field = (name: keyof typeof typed) => ({
    value: typed[name],
    onValueChange: (text: string) => setTyped({ ...typed, [name]: text }),
  });
  return (
    <Section title={texts.account}>
      <form className={styles['form']} onSubmit={(event) => void save(event)}>
        <TextField label={words.email} type="email" autoComplete="off" {...field('email')} />
        <TextField label={words.phone} type="tel" autoComplete="off" optional {...field('phone')} />
        <TextField
          label={texts.newPassword}
          hint={words.newPasswordHint}
          type="password"
          autoComplete="new-password"
          optional
          {...field('password')}
        />
        {asked.error !== null && <Notice tone="bad" error={asked.error} />}
        <div className={styles['buttons']}>
          <Button type="submit" busy={asked.busy} disabled={Object.keys(change).length === 0}>
            {texts.save}
          </Button>
        </div>
      </form>
    </Section>
  );
}
