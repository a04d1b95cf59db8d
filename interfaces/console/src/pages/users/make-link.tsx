import { useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Select } from '../../components/select.tsx';
import { users as texts } from '../../texts/en/users.ts';
import { LINK_TYPES, type LinkType, type MadeLink } from './auth-admin.ts';
import { useUsers } from './use-users.ts';
import styles from './users.module.css';

interface MakeLinkProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  /** '': it has to be typed */
  readonly email: string;
}

export function MakeLink({ open, onOpenChange, email }: MakeLinkProps) {
  return (
    <Dialog
      passing
      open={open}
      onOpenChange={onOpenChange}
      title={texts.link}
      description={texts.linkDescription}
    >
      <LinkForm email={email} />
    </Dialog>
  );
}

/** It goes with the dialog, and with it the link. */
function LinkForm({ email: known }: { readonly email: string }) {
  const { admin } = useUsers();
  const client = useQueryClient();
  const [type, setType] = useState<LinkType>('magiclink');
  const [typed, setTyped] = useState({ email: known, password: '', redirectTo: '' });
  const [asked, setAsked] = useState<{ busy: boolean; error: unknown; made: MadeLink | null }>({
    busy: false,
    error: null,
    made: null,
  });
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    setAsked({ busy: true, error: null, made: null });
    const { password, redirectTo } = typed;
    try {
      const more = {
        ...(type === 'signup' && { password }),
        ...(redirectTo.trim() !== '' && { redirect_to: redirectTo.trim() }),
      };
      const made = await admin.link(type, typed.email.trim(), more);
      setAsked({ busy: false, error: null, made });
      // a link may have made its user
      await client.invalidateQueries({ queryKey: ['users'] });
    } catch (error) {
      setAsked({ busy: false, error, made: null });
    }
  };
  const field = (name: keyof typeof typed) => ({
    value: typed[name],
    onValueChange: (text: string) => setTyped({ ...typed, [name]: text }),
    autoComplete: 'off',
  });
  return (
    <form className={styles['form']} onSubmit={(event) => void make(event)}>
      <Select
        label={texts.linkType}
        options={LINK_TYPES.map((value) => ({ value, label: texts.linkTypes[value] }))}
        value={type}
        onValueChange={setType}
      />
      <TextField label={texts.email} type="email" required readOnly={known !== ''} {...field('email')} />
      {type === 'signup' && (
        <TextField label={texts.password} required {...field('password')} type="password" />
      )}
      <TextField
        label={texts.redirectTo}
        hint={texts.redirectHint}
        optional
        type="url"
        {...field('redirectTo')}
      />
      {asked.error !== null && <Notice tone="bad" error={asked.error} />}
      {asked.made && <Made link={asked.made} />}
      <div className={styles['buttons']}>
        <Button type="submit" look="primary" busy={asked.busy}>
          {texts.linkAction}
        </Button>
      </div>
    </form>
  );
}

function Made({ link: { action_link: link, email_otp: code } }: { readonly link: MadeLink }) {
  return (
    <div className={styles['form']} role="status">
      <Notice tone="warn">{texts.linkMade}</Notice>
      <CodeBlock label={texts.linkText} code={link} line />
      <span className={styles['soft']}>{texts.linkCode}</span>
      <CodeBlock label={texts.linkCode} code={code} line />
    </div>
  );
}
