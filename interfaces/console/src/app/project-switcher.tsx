import { useQuery } from '@tanstack/react-query';
import { projectQuery, projectsQuery } from '../api/projects.ts';
import { Icon } from '../components/icon.tsx';
import { Menu, MenuGroup, MenuItem, MenuSeparator } from '../components/menu.tsx';
import { Skeleton } from '../components/states.tsx';
import { Status } from '../components/status.tsx';
import { shell as texts } from '../texts/en/shell.ts';
import { useMaybeProjectId } from '../way/project-id.ts';
import styles from './project-switcher.module.css';

/** more would be no menu: the list of all can be searched */
const MOST = 12;

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
  const { data: projects = [] } = useQuery(projectsQuery);
  const others = projects.filter((one) => one.id !== id && one.status !== 'purged').slice(0, MOST);
  const trigger = (
    <button type="button" className={styles['trigger']} title={texts.switchProject}>
      <span className={styles['name']}>{project?.display_name ?? <Skeleton width="9ch" />}</span>
      <Icon name="down" size={14} />
    </button>
  );
  return (
    <>
      <span className={styles['slash']} aria-hidden="true" />
      <Menu trigger={trigger} align="start">
        {others.length > 0 && (
          <MenuGroup label={texts.switchProject}>
            {others.map((one) => (
              <MenuItem key={one.id} to={`/projects/${one.id}`} note={<Status status={one.status} plain />}>
                {one.display_name}
              </MenuItem>
            ))}
          </MenuGroup>
        )}
        {others.length > 0 && <MenuSeparator />}
        <MenuItem icon="database" to="/">
          {texts.allProjects}
        </MenuItem>
        <MenuItem icon="plus" to="/projects/new">
          {texts.newProject}
        </MenuItem>
      </Menu>
    </>
  );
}
