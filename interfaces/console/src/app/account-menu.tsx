import { useLocation } from 'wouter';
import { signOut } from '../api/session.ts';
import { IconButton } from '../components/button.tsx';
import { Menu, MenuGroup, MenuItem, MenuSeparator } from '../components/menu.tsx';
import { toast } from '../components/toast.ts';
import { shell as texts } from '../texts/en/shell.ts';

export function AccountMenu({ email }: { readonly email: string }) {
  const [, navigate] = useLocation();
  const leave = () =>
    signOut().then(
      () => navigate('/sign-in'),
      (error: unknown) => toast.failed(texts.signOut, error),
    );
  return (
    <Menu trigger={<IconButton icon="account" label={texts.accountMenu} />}>
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
