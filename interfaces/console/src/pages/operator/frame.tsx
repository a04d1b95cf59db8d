import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { signOutOperator } from '../../api/operator.ts';
import { useReachable } from '../../api/reachability.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Icon, type IconName } from '../../components/icon.tsx';
import { Mark } from '../../components/mark.tsx';
import { loaded } from '../../components/loaded.tsx';
import { Notice } from '../../components/notice.tsx';
import { PaletteOpener } from '../../components/palette/palette-opener.tsx';
import { Badge } from '../../components/status.tsx';
import { setTheme, useTheme } from '../../design/theme.ts';
import { operator as texts } from '../../texts/en/operator.ts';
import { shell } from '../../texts/en/shell.ts';
import styles from './frame.module.css';

const OperatorPalette = loaded(() => import('./operator-palette.tsx'));

interface FrameProps {
  readonly links: readonly { readonly path: string; readonly title: string; readonly icon: IconName }[];
  readonly session: { readonly name: string; readonly scopes: readonly string[] };
  readonly children: ReactNode;
}

/** What stands around every page of the operator's: whose token it is, and the way to the others. */
export function Frame({ links, session, children }: FrameProps) {
  const [path] = useLocation();
  const isReachable = useReachable();
  const navigation = useRef<HTMLElement>(null);
  // on a phone the links are wider than the window
  useEffect(() => {
    // browsers answer it with a promise, which an effect must not give back
    navigation.current
      ?.querySelector('[aria-current]')
      ?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [path]);
  const leaving = useMutation({ mutationFn: signOutOperator });
  return (
    <div className={styles['frame']}>
      <a href="#page" className={styles['skip']}>
        {shell.skip}
      </a>
      <header className={styles['bar']}>
        <Link href="/" className={styles['mark']} aria-label={texts.toConsole}>
          <Mark />
        </Link>
        <span className={styles['title']}>{texts.title}</span>
        <span className={styles['name']}>{session.name}</span>
        <div className={styles['tools']}>
          <PaletteOpener palette={(onClose) => <OperatorPalette links={links} onClose={onClose} />} />
          <Theme />
          <Button
            look="quiet"
            icon="sign-out"
            small
            busy={leaving.isPending}
            onClick={() => leaving.mutate()}
          >
            {texts.signOut}
          </Button>
        </div>
      </header>
      <nav ref={navigation} aria-label={texts.navigation} className={styles['nav']}>
        {links.map((link) => (
          <Link
            key={link.path}
            href={link.path}
            className={styles['link']}
            aria-current={path === link.path ? 'page' : undefined}
          >
            <Icon name={link.icon} />
            {link.title}
          </Link>
        ))}
      </nav>
      <main id="page" tabIndex={-1} className={styles['main']}>
        <div className={styles['notices']}>
          {!isReachable && <Notice tone="warn">{shell.unreachable}</Notice>}
          {!session.scopes.includes('write') && <Notice>{texts.readOnly}</Notice>}
        </div>
        {children}
      </main>
    </div>
  );
}

function Theme() {
  const other = useTheme() === 'dark' ? 'light' : 'dark';
  const label = other === 'dark' ? shell.toDark : shell.toLight;
  return <IconButton icon={other} label={label} onClick={() => setTheme(other)} />;
}

/** It follows what happens, as long as somebody looks. */
export const Live = () => <Badge tone="good">{texts.live}</Badge>;
