/** What the palette of commands offers: where one can go, and what can be done from anywhere. */
import type { Project } from '../api/api.ts';
import type { IconName } from '../components/icon.tsx';
import { bestCommands, MOST, type Command } from '../components/palette/command.ts';
import { palette as texts } from '../texts/en/palette.ts';

/** A page, as far as it matters here. */
interface Place {
  readonly path: string;
  readonly title: string;
  readonly nav?: { readonly of: string; readonly icon: IconName };
}

export interface Surroundings {
  readonly pages: readonly Place[];
  readonly projects: readonly Pick<Project, 'id' | 'name' | 'display_name' | 'status'>[];
  /** of the pages that one is on */
  readonly project: string | undefined;
  /** paths, the latest first; the first is where one is */
  readonly recent: readonly string[];
  readonly actions: readonly Command[];
}

/** Everything, as it is offered before anything is typed. */
export function commandsOf({ pages, projects, project, recent, actions }: Surroundings): readonly Command[] {
  const living = projects.filter(({ status }) => status !== 'purged');
  const nameOf = (id: string) => living.find((one) => one.id === id)?.display_name;
  const own = project === undefined ? [] : pagesOf(pages, project, texts.here);
  const account = pages
    .filter(({ nav }) => nav?.of === 'account')
    .map((page): Command => command(page.path, page.title, texts.page, page.nav?.icon));
  const others = living.map(({ id, display_name: name }): Command =>
    command(`/projects/${id}`, name, texts.project, 'database'),
  );
  // those of other projects can be found, too, by both names
  const elsewhere = living
    .filter(({ id }) => id !== project)
    .flatMap(({ id, display_name: name }) => pagesOf(pages, id, name));
  const all = [...own, ...actions, ...others, ...account, ...elsewhere];
  const known = new Map(all.map((one) => [one.does, one]));
  const before = recent.slice(1).flatMap((path): Command[] => {
    const found = known.get(path);
    if (!found) return [];
    const of = /^\/projects\/([^/]+)/.exec(path)?.[1];
    const name = of === undefined || of === project ? undefined : nameOf(of);
    const label = name === undefined || name === found.label ? found.label : `${name} › ${found.label}`;
    return [{ ...found, id: `recent ${path}`, label, note: texts.recent }];
  });
  return [...before, ...all];
}

function pagesOf(pages: readonly Place[], project: string, note: string): readonly Command[] {
  return pages
    .filter(({ nav }) => nav?.of === 'project')
    .map((page) =>
      command(
        page.path.replace(':project', project).replace(/\/\*\??$/, ''),
        page.title,
        note,
        page.nav?.icon,
      ),
    );
}

const command = (to: string, label: string, note: string, icon: IconName = 'home'): Command => ({
  // a project and its overview are two commands that lead to one place
  id: `${note} ${to}`,
  label,
  note,
  icon,
  does: to,
});

/** The best first. Before anything is typed: what is near, and of other projects only themselves. */
export function foundCommands(
  wanted: string,
  all: readonly Command[],
  near: ReadonlySet<string>,
): readonly Command[] {
  if (wanted.trim() === '') return all.filter(({ note }) => near.has(note)).slice(0, MOST);
  return bestCommands(
    wanted,
    all.filter(({ note }) => note !== texts.recent),
  );
}

export const NEAR: ReadonlySet<string> = new Set([
  texts.recent,
  texts.here,
  texts.action,
  texts.project,
  texts.page,
]);
