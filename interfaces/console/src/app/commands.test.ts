import { expect, test } from 'vitest';
import { commandsOf, foundCommands, NEAR, type Surroundings } from './commands.ts';
import type { Command } from '../components/palette/command.ts';

const PAGES = [
  { path: '/', title: 'Projects', nav: { of: 'account', icon: 'database' } },
  { path: '/sign-in', title: 'Sign in' },
  { path: '/projects/:project', title: 'Overview', nav: { of: 'project', icon: 'home' } },
  { path: '/projects/:project/tables/*?', title: 'Tables', nav: { of: 'project', icon: 'table' } },
  { path: '/projects/:project/log', title: 'Log', nav: { of: 'project', icon: 'log' } },
] as const;
const project = (id: string, name: string, status: 'active' | 'purged' = 'active') => ({
  id,
  name,
  display_name: name,
  status,
});
const signOut: Command = {
  id: 'sign-out',
  label: 'Sign out',
  note: 'action',
  icon: 'sign-out',
  does: () => {},
};
const around = (more: Partial<Surroundings> = {}): Surroundings => ({
  pages: PAGES,
  projects: [project('p1', 'Shop'), project('p2', 'Blog'), project('p3', 'Gone', 'purged')],
  project: 'p1',
  recent: [],
  actions: [signOut],
  ...more,
});
const labels = (wanted: string, more: Partial<Surroundings> = {}) =>
  foundCommands(wanted, commandsOf(around(more)), NEAR).map(({ label, note }) => `${label} (${note})`);

test('at first what is near: pages of the project, what can be done, projects', () => {
  expect(labels('')).toEqual([
    'Overview (this project)',
    'Tables (this project)',
    'Log (this project)',
    'Sign out (action)',
    'Shop (project)',
    'Blog (project)',
    'Projects (account)',
  ]);
});

test('where one was comes first, without where one is, and with the name of another project', () => {
  const recent = ['/projects/p1/log', '/projects/p2/tables', '/projects/p1/tables', '/nowhere'];
  expect(labels('', { recent }).slice(0, 2)).toEqual(['Blog › Tables (recent)', 'Tables (recent)']);
});

test('pages of other projects are found by both names', () => {
  const [first] = foundCommands('blog log', commandsOf(around({ project: undefined })), NEAR);
  expect(first?.does).toBe('/projects/p2/log');
  expect(labels('gone')).toEqual([]);
});

test('each can be told from the others, and what was recent is found once', () => {
  const recent = ['/', '/projects/p1/tables', '/projects/p1'];
  const all = commandsOf(around({ recent }));
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(labels('tables', { recent })).toEqual(['Tables (this project)', 'Tables (Blog)']);
  expect(labels('overview', { recent })[0]).toBe('Overview (this project)');
  expect(labels('shop', { recent })[0]).toBe('Shop (project)');
});

test('an action is found by letters that begin its words', () => {
  expect(labels('so')[0]).toBe('Sign out (action)');
});
