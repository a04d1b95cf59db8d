import { useQuery } from '@tanstack/react-query';
import { projectQuery } from '../api/projects.ts';
import { Icon } from '../components/icon.tsx';
import { loaded } from '../components/loaded.tsx';
import { Skeleton } from '../components/states.tsx';
import { shell as texts } from '../texts/en/shell.ts';
import { useMaybeProjectId } from '../way/project-id.ts';
import { MenuOpener } from './menu-opener.tsx';
import styles from './project-switcher.module.css';

const ProjectMenu = loaded(() => import('./project-menu.tsx'));

/** Where one is, and the way to another project. */
export function ProjectSwitcher() {
  const project = useMaybeProjectId();
  return project === undefined ? (
    <span className={styles['product']}>{texts.product}</span>
  ) : (
    <Switcher id={project} />
  );
}

function Switcher({ id }: { readonly id: string }) {
  const { data: project } = useQuery(projectQuery(id));
  const trigger = (
    <button type="button" className={styles['trigger']} title={texts.switchProject}>
      <span className={styles['name']}>{project?.display_name ?? <Skeleton width="9ch" />}</span>
      <Icon name="down" size={14} />
    </button>
  );
  return (
    <>
      <span className={styles['slash']} aria-hidden="true" />
      <MenuOpener
        trigger={trigger}
        load={ProjectMenu.load}
        menu={(pressedBy) => <ProjectMenu trigger={trigger} pressedBy={pressedBy} here={id} />}
      />
    </>
  );
}
