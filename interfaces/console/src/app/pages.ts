/**
 * Every page, one row each: its address below /console, its code, which is loaded when somebody goes there, and its
 * place in the navigation. A page that is not here has no link anywhere.
 */
import { createElement, type ComponentType } from 'react';
import type { IconName } from '../components/icon.tsx';
import { loaded, type Loaded } from '../components/loaded.tsx';
import { SkeletonRows } from '../components/states.tsx';
import ProjectList from '../pages/projects/project-list.tsx';
import { pages as texts } from '../texts/en/shell.ts';

type Load = () => Promise<{ default: ComponentType }>;

export interface Page {
  /** `/projects/:project/tables/*?`: with everything below it */
  readonly path: string;
  readonly title: string;
  readonly component: Loaded<object>;
  /** where its link stands; without: another page leads there */
  readonly nav?: { readonly of: 'project' | 'account'; readonly icon: IconName };
  /** for anybody, signed in or not */
  readonly open?: true;
  /** as wide and as high as the window: grids, editors */
  readonly full?: true;
}

const page = ({ load, ...row }: Omit<Page, 'component'> & { readonly load: Load }): Page => ({
  ...row,
  component: loaded(load, createElement(SkeletonRows, { rows: 4 })),
});

const IN_PROJECT = '/projects/:project';

export const PAGES: readonly Page[] = [
  {
    path: '/',
    title: texts.projects,
    // where most people begin: its code comes with the first load
    component: Object.assign(ProjectList, { load: () => Promise.resolve() }),
    nav: { of: 'account', icon: 'database' },
  },
  page({
    path: '/projects/new',
    title: texts.newProject,
    load: () => import('../pages/projects/create-project.tsx'),
  }),
  page({
    path: IN_PROJECT,
    title: texts.overview,
    load: () => import('../pages/project/overview.tsx'),
    nav: { of: 'project', icon: 'home' },
  }),
  page({
    path: `${IN_PROJECT}/tables`,
    title: texts.tables,
    load: () => import('../pages/tables/table-list.tsx'),
    nav: { of: 'project', icon: 'table' },
  }),
  page({
    path: `${IN_PROJECT}/tables/:schema/:table`,
    title: texts.tables,
    load: () => import('../pages/tables/table-page.tsx'),
    full: true,
  }),
  page({
    path: `${IN_PROJECT}/sql`,
    title: texts.sql,
    load: () => import('../pages/sql/sql-page.tsx'),
    nav: { of: 'project', icon: 'sql' },
    full: true,
  }),
  page({
    path: `${IN_PROJECT}/policies`,
    title: texts.policies,
    load: () => import('../pages/policies/policies.tsx'),
    nav: { of: 'project', icon: 'shield' },
  }),
  page({
    path: `${IN_PROJECT}/users/*?`,
    title: texts.users,
    load: () => import('../pages/users/users.tsx'),
    nav: { of: 'project', icon: 'users' },
  }),
  page({
    path: `${IN_PROJECT}/files/*?`,
    title: texts.files,
    load: () => import('../pages/files/files.tsx'),
    nav: { of: 'project', icon: 'folder' },
  }),
  page({
    path: `${IN_PROJECT}/migrations/*?`,
    title: texts.migrations,
    load: () => import('../pages/migrations/migrations.tsx'),
    nav: { of: 'project', icon: 'migration' },
  }),
  page({
    path: `${IN_PROJECT}/log`,
    title: texts.log,
    load: () => import('../pages/log/log-page.tsx'),
    nav: { of: 'project', icon: 'log' },
  }),
  page({
    path: `${IN_PROJECT}/time`,
    title: texts.time,
    load: () => import('../pages/time/time-page.tsx'),
    nav: { of: 'project', icon: 'clock' },
  }),
  page({
    path: `${IN_PROJECT}/settings/*?`,
    title: texts.settings,
    load: () => import('../pages/settings/settings.tsx'),
    nav: { of: 'project', icon: 'settings' },
  }),
  page({
    path: '/log',
    title: texts.log,
    load: () => import('../pages/log/account-log-page.tsx'),
    nav: { of: 'account', icon: 'log' },
  }),
  page({
    path: '/account',
    title: texts.account,
    load: () => import('../pages/account/account.tsx'),
    nav: { of: 'account', icon: 'account' },
  }),
  page({
    path: '/operator/*?',
    title: texts.operator,
    load: () => import('../pages/operator/operator.tsx'),
    open: true,
  }),
  page({
    path: '/sign-in',
    title: texts.signIn,
    load: () => import('../pages/session/sign-in.tsx'),
    open: true,
  }),
  page({
    path: '/sign-up',
    title: texts.signUp,
    load: () => import('../pages/session/sign-up.tsx'),
    open: true,
  }),
];

/** Where a page's link leads: `/projects/proj_.../tables`. */
export const linkTo = ({ path }: Page, project?: string): string =>
  path.replace(':project', project ?? '').replace(/\/\*\??$/, '');
