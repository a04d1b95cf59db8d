/** What stands around every page: the bar at the top, the navigation at the side, which is a drawer on a phone. */
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { useReachable } from '../api/reachability.ts';
import type { Session } from '../api/session.ts';
import { IconButton } from '../components/button.tsx';
import { classes } from '../components/classes.ts';
import { loaded } from '../components/loaded.tsx';
import { Notice } from '../components/notice.tsx';
import { PaletteOpener } from '../components/palette/palette-opener.tsx';
import { setTheme, useTheme } from '../design/theme.ts';
import { shell as texts } from '../texts/en/shell.ts';
import { Mark } from '../components/mark.tsx';
import { MenuOpener } from './menu-opener.tsx';
import { Navigation } from './navigation.tsx';
import { ProjectSwitcher } from './project-switcher.tsx';
import { rememberPlace } from './recent-places.ts';
import styles from './shell.module.css';

const CommandPalette = loaded(() => import('./command-palette.tsx'));

interface ShellProps {
  readonly session: Session;
  readonly full: boolean;
  readonly children: ReactNode;
}

export function Shell({ session, full, children }: ShellProps) {
  const isReachable = useReachable();
  const [path] = useLocation();
  useEffect(() => rememberPlace(path), [path]);
  return (
    <div className={styles['shell']}>
      <a href="#page" className={styles['skip']}>
        {texts.skip}
      </a>
      <header className={styles['bar']}>
        <NavigationOpener />
        <Link href="/" className={styles['mark']} aria-label={texts.product}>
          <Mark />
        </Link>
        <ProjectSwitcher />
        <div className={styles['tools']}>
          <PaletteOpener palette={(onClose) => <CommandPalette onClose={onClose} />} />
          <ThemeButton />
          <AccountMenuOpener email={session.email} />
        </div>
      </header>
      <aside className={styles['side']}>
        <Navigation />
      </aside>
      <main id="page" tabIndex={-1} className={classes(styles['main'], full && styles['full'])}>
        {!isReachable && (
          <div className={styles['banner']}>
            <Notice tone="warn">{texts.unreachable}</Notice>
          </div>
        )}
        {children}
      </main>
    </div>
  );
}

const NavigationDrawer = loaded(() => import('./navigation-drawer.tsx'));

/** On a phone. The drawer is loaded when somebody wants it. */
function NavigationOpener() {
  const [open, setOpen] = useState(false);
  const [wanted, setWanted] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const want = () => {
    setWanted(true);
    setOpen(true);
  };
  return (
    <>
      <IconButton
        ref={opener}
        icon="menu"
        label={texts.openNavigation}
        className={styles['opener']}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={want}
      />
      {wanted && <NavigationDrawer open={open} onOpenChange={setOpen} opener={opener} />}
    </>
  );
}

const AccountMenu = loaded(() => import('./account-menu.tsx'));

function AccountMenuOpener({ email }: { readonly email: string }) {
  const trigger = <IconButton icon="account" label={texts.accountMenu} />;
  return (
    <MenuOpener
      trigger={trigger}
      load={AccountMenu.load}
      menu={(pressedBy) => <AccountMenu trigger={trigger} pressedBy={pressedBy} email={email} />}
    />
  );
}

function ThemeButton() {
  const theme = useTheme();
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <IconButton
      icon={other}
      label={other === 'dark' ? texts.toDark : texts.toLight}
      onClick={() => setTheme(other)}
    />
  );
}
