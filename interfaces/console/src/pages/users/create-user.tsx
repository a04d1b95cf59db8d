import { useState } from 'react';
import { useAct } from '../../components/act.ts';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Checkbox } from '../../components/toggle.tsx';
import { users as texts } from '../../texts/en/users.ts';
import { readDocument } from './metadata-change.ts';
import { useUsers } from './use-users.ts';

const EMPTY = { email: '', phone: '', password: '', metadata: '' };

interface Opening {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

export function CreateUser({ open, onOpenChange }: Opening) {
  const { admin } = useUsers();
  const { act } = useAct('users');
  const [typed, setTyped] = useState(EMPTY);
  const [confirms, setConfirms] = useState(true);
  const document = readDocument(typed.metadata);
  const type = (field: keyof typeof EMPTY) => (text: string) => setTyped({ ...typed, [field]: text });
  const change = (isOpen: boolean) => {
    setTyped(EMPTY);
    onOpenChange(isOpen);
  };
  const create = async () => {
    if (document === undefined) throw new TypeError(texts.notJson);
    const { email, phone, password } = typed;
    const given = { email: email.trim(), phone: phone.trim(), password };
    const told = Object.fromEntries(Object.entries(given).filter(([, text]) => text !== ''));
    const confirmed = { email_confirm: confirms, phone_confirm: confirms };
    await act(texts.created, () => admin.create({ ...told, ...confirmed, user_metadata: document }));
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={change}
      title={texts.create}
      description={undefined}
      action={texts.createAction}
      onConfirm={create}
    >
      <Who typed={typed} type={type} />
      <Checkbox
        label={texts.confirmNow}
        hint={texts.confirmNowHint}
        checked={confirms}
        onCheckedChange={setConfirms}
      />
      <TextField
        label={texts.metadata}
        hint={texts.metadataHint}
        error={document === undefined ? texts.notJson : undefined}
        optional
        mono
        rows={3}
        spellCheck={false}
        value={typed.metadata}
        onValueChange={type('metadata')}
      />
    </ConfirmDialog>
  );
}

interface WhoProps {
  readonly typed: typeof EMPTY;
  readonly type: (field: keyof typeof EMPTY) => (text: string) => void;
}

function Who({ typed, type }: WhoProps) {
  return (
    <>
      <TextField
        label={texts.email}
        type="email"
        autoComplete="off"
        value={typed.email}
        onValueChange={type('email')}
      />
      <TextField
        label={texts.phone}
        hint={texts.phoneHint}
        optional
        type="tel"
        autoComplete="off"
        value={typed.phone}
        onValueChange={type('phone')}
      />
      <TextField
        label={texts.password}
        hint={texts.passwordHint}
        optional
        type="password"
        autoComplete="new-password"
        value={typed.password}
        onValueChange={type('password')}
      />
    </>
  );
}
