/** What stands around every page: the bar at the top, the navigation at the side, which is a drawer on a phone. */
import { Dialog } from '@base-ui/react/dialog';
import { useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { useReachable } from '../api/reachability.ts';
import type { Session } from '../api/session.ts';
import { IconButton } from '../components/button.tsx';
import { classes } from '../components/classes.ts';
import { Icon } from '../components/icon.tsx';
import { Notice } from '../components/notice.tsx';
import { setTheme, useTheme } from '../design/theme.ts';
import { shell as texts } from '../texts/en/shell.ts';
import { AccountMenu } from './account-menu.tsx';
import { Mark } from '../components/mark.tsx';
import { linkTo, PAGES } from './pages.ts';
import { useMaybeProjectId } from '../way/project-id.ts';
import { ProjectSwitcher } from './project-switcher.tsx';
import styles from './shell.module.css';

interface ShellProps {
  readonly session: Session;
  readonly full: boolean;
  readonly children: ReactNode;
}

export function Shell({ session, full, children }: ShellProps) {
  const isReachable = useReachable();
  return (
    <div className={styles['shell']}>
      <a href="#page" className={styles['skip']}>
        {texts.skip}
      </a>
      <header className={styles['bar']}>
        <NavigationDrawer />
        <Link href="/" className={styles['mark']} aria-label={texts.product}>
          <Mark />
        </Link>
        <ProjectSwitcher />
        <div className={styles['tools']}>
          <ThemeButton />
          <AccountMenu email={session.email} />
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

/** Links to the pages that there are: of the project, or of the account. */
function Navigation({ onGo }: { readonly onGo?: () => void }) {
  const project = useMaybeProjectId();
  const [path] = useLocation();
  const shown = PAGES.filter(({ nav }) => nav?.of === (project === undefined ? 'account' : 'project'));
  const links = shown.map((page) => ({ page, to: linkTo(page, project) }));
  // the longest that fits is where one is
  const here = links
    .filter(({ to }) => path === to || path.startsWith(to === '/' ? '/projects' : `${to}/`))
    .toSorted((a, b) => b.to.length - a.to.length)[0];
  return (
    <nav aria-label={texts.navigation} className={styles['nav']}>
      {project !== undefined && (
        <Link href="/" className={styles['link']} onClick={onGo}>
          <Icon name="back" />
          {texts.allProjects}
        </Link>
      )}
      {links.map(({ page, to }) => (
        <Link
          key={page.path}
          href={to}
          className={styles['link']}
          aria-current={here?.to === to ? 'page' : undefined}
          onClick={onGo}
          onPointerEnter={() => void page.load()}
          onFocus={() => void page.load()}
        >
          {page.nav && <Icon name={page.nav.icon} />}
          {page.title}
        </Link>
      ))}
    </nav>
  );
}

function NavigationDrawer() {
  const [open, setOpen] = useState(false);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger
        render={<IconButton icon="menu" label={texts.openNavigation} className={styles['opener']} />}
      />
      <Dialog.Portal>
        <Dialog.Backdrop className={styles['backdrop']} />
        <Dialog.Popup className={styles['drawer']}>
          <Dialog.Title className={styles['drawerTitle']}>
            <Mark />
            {texts.product}
          </Dialog.Title>
          <Navigation onGo={() => setOpen(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
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
