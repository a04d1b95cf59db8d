/** What can be done with one user, beside what stands on the page. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useAct } from '../../components/act.ts';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../components/menu.tsx';
import { Select } from '../../components/select.tsx';
import { toast } from '../../components/toast.ts';
import { Checkbox } from '../../components/toggle.tsx';
import { user as texts } from '../../texts/en/users.ts';
import type { User } from './auth-admin.ts';
import { MakeLink } from './make-link.tsx';
import { nameOfUser, stateOf } from './user-state.ts';
import { useUsers } from './use-users.ts';

type Opened = 'ban' | 'remove' | 'link' | null;

export function UserActions({ user }: { readonly user: User }) {
  const { admin } = useUsers();
  const { tell } = useAct('users');
  const [opened, setOpened] = useState<Opened>(null);
  const dialog = (which: Opened) => ({
    user,
    open: opened === which,
    onOpenChange: (open: boolean) => setOpened(open ? which : null),
  });
  const { email, phone, id } = user;
  const [now] = useState(() => new Date());
  const isBanned = stateOf(user, now) === 'banned';
  const confirm = () =>
    admin.change(id, { ...(email && { email_confirm: true }), ...(phone && { phone_confirm: true }) });
  return (
    <>
      <Menu trigger={<Button icon="more">{texts.actions}</Button>}>
        {user.confirmed_at === undefined && (
          <MenuItem icon="check" onSelect={() => tell(texts.confirmed, texts.confirm, confirm)}>
            {texts.confirm}
          </MenuItem>
        )}
        <MenuItem
          icon="key"
          disabled={email === ''}
          onSelect={() => tell(texts.recovered, texts.recover, () => admin.recover(email))}
        >
          {texts.recover}
        </MenuItem>
        <MenuItem icon="external" disabled={email === ''} onSelect={() => setOpened('link')}>
          {texts.link}
        </MenuItem>
        <MenuSeparator />
        {isBanned ? (
          <MenuItem
            icon="undo"
            onSelect={() =>
              tell(texts.unbanned, texts.unban, () => admin.change(id, { ban_duration: 'none' }))
            }
          >
            {texts.unban}
          </MenuItem>
        ) : (
          <MenuItem icon="close" onSelect={() => setOpened('ban')}>
            {texts.ban}
          </MenuItem>
        )}
        <MenuItem icon="trash" danger onSelect={() => setOpened('remove')}>
          {texts.remove}
        </MenuItem>
      </Menu>
      <BanUser {...dialog('ban')} />
      <RemoveUser {...dialog('remove')} />
      <MakeLink {...dialog('link')} email={email} />
    </>
  );
}

interface Asking {
  readonly user: User;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}
type Time = keyof typeof texts.banTimes;
const TIMES = Object.entries(texts.banTimes).map(([value, label]) => ({ value: value as Time, label }));

function BanUser({ user, open, onOpenChange }: Asking) {
  const { admin } = useUsers();
  const { act } = useAct('users');
  const [time, setTime] = useState<Time>('24h');
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={texts.banTitle(nameOfUser(user))}
      description={texts.banDescription}
      action={texts.ban}
      danger
      onConfirm={() => act(texts.banned, () => admin.change(user.id, { ban_duration: time }))}
    >
      <Select label={texts.banFor} options={TIMES} value={time} onValueChange={setTime} />
    </ConfirmDialog>
  );
}

function RemoveUser({ user, open, onOpenChange }: Asking) {
  const { admin, project } = useUsers();
  const client = useQueryClient();
  const [, go] = useLocation();
  const [softly, setSoftly] = useState(false);
  const remove = async () => {
    await admin.remove(user.id, softly);
    go(`/projects/${project}/users`, { replace: true });
    // the list alone: of the user there is nothing to be read again
    await client.invalidateQueries({ queryKey: ['users', project, 'list'] });
    toast.done(texts.removed);
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={texts.removeTitle(nameOfUser(user))}
      description={texts.removeDescription}
      action={texts.remove}
      danger
      onConfirm={remove}
    >
      <Checkbox label={texts.softly} hint={texts.softlyHint} checked={softly} onCheckedChange={setSoftly} />
    </ConfirmDialog>
  );
}
