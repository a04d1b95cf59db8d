/** Loaded when somebody wants it. */
import type { ReactElement } from 'react';
import { useLocation } from 'wouter';
import { signOut } from '../api/session.ts';
import { Menu, MenuGroup, MenuItem, MenuSeparator } from '../components/menu.tsx';
import { toast } from '../components/toast.ts';
import { shell as texts } from '../texts/en/shell.ts';
import type { PressedBy } from './menu-opener.tsx';

interface AccountMenuProps {
  readonly trigger: ReactElement;
  readonly pressedBy: PressedBy;
  readonly email: string;
}

export default function AccountMenu({ trigger, pressedBy, email }: AccountMenuProps) {
  const [, navigate] = useLocation();
  const leave = () =>
    signOut().then(
      () => navigate('/sign-in'),
      (error: unknown) => toast.failed(texts.signOut, error),
    );
  return (
    <Menu trigger={trigger} pressedBy={pressedBy}>
      <MenuGroup label={email}>
        <MenuItem icon="account" to="/account">
          {texts.account}
        </MenuItem>
        <MenuItem icon="external" onSelect={() => window.open('/docs', '_blank', 'noopener')}>
          {texts.api}
        </MenuItem>
      </MenuGroup>
      <MenuSeparator />
      <MenuItem icon="sign-out" onSelect={() => void leave()}>
        {texts.signOut}
      </MenuItem>
    </Menu>
  );
}
