import { useState } from 'react';
import { useAct } from '../../components/act.ts';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { users as texts } from '../../texts/en/users.ts';
import { useUsers } from './use-users.ts';

interface Opening {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

export function InviteUser({ open, onOpenChange }: Opening) {
  const { admin } = useUsers();
  const { act } = useAct('users');
  const [email, setEmail] = useState('');
  const change = (isOpen: boolean) => {
    setEmail('');
    onOpenChange(isOpen);
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={change}
      title={texts.invite}
      description={texts.inviteDescription}
      action={texts.inviteAction}
      onConfirm={() => act(texts.invited, () => admin.invite(email.trim()))}
    >
      <TextField
        label={texts.email}
        type="email"
        required
        autoComplete="off"
        value={email}
        onValueChange={setEmail}
      />
    </ConfirmDialog>
  );
}
