import { Link, useLocation } from 'wouter';
import { Icon } from '../components/icon.tsx';
import { shell as texts } from '../texts/en/shell.ts';
import { useMaybeProjectId } from '../way/project-id.ts';
import { linkTo, PAGES } from './pages.ts';
import styles from './shell.module.css';

/** Links to the pages that there are: of the project, or of the account. */
export function Navigation({ onGo }: { readonly onGo?: () => void }) {
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
          onPointerEnter={() => void page.component.load()}
          onFocus={() => void page.component.load()}
        >
          {page.nav && <Icon name={page.nav.icon} />}
          {page.title}
        </Link>
      ))}
    </nav>
  );
}
