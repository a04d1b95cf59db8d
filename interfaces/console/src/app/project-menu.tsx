/** Loaded when somebody wants it. */
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { projectsQuery } from '../api/projects.ts';
import { Menu, MenuGroup, MenuItem, MenuSeparator } from '../components/menu.tsx';
import { Status } from '../components/status.tsx';
import { shell as texts } from '../texts/en/shell.ts';
import type { PressedBy } from './menu-opener.tsx';

/** more would be no menu: the list of all can be searched */
const MOST = 12;

interface ProjectMenuProps {
  readonly trigger: ReactElement;
  readonly pressedBy: PressedBy;
  /** where one is: the menu leads to the others */
  readonly here: string;
}

export default function ProjectMenu({ trigger, pressedBy, here }: ProjectMenuProps) {
  const { data: projects = [] } = useQuery(projectsQuery);
  const others = projects.filter(({ id, status }) => id !== here && status !== 'purged').slice(0, MOST);
  return (
    <Menu trigger={trigger} pressedBy={pressedBy} align="start">
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
  );
}
