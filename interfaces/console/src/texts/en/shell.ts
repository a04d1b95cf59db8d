/** Words around every page. */
export const shell = {
  product: 'LaunchDB',
  skip: 'Skip to the page',
  navigation: 'Pages',
  openNavigation: 'Open the navigation',
  allProjects: 'All projects',
  switchProject: 'Switch project',
  newProject: 'New project',
  account: 'Account',
  accountMenu: 'Account and sign out',
  signOut: 'Sign out',
  toDark: 'Switch to dark',
  toLight: 'Switch to light',
  api: 'API reference',
  unreachable: 'The platform does not answer. This page goes on by itself as soon as it does.',
  notFoundTitle: 'There is nothing here',
  notFound:
    'The address leads to no page of the console. It may have been mistyped, or what was here is gone.',
  toProjects: 'To your projects',
  brokenTitle: 'This page has failed',
  broken: 'That is a fault of the console. Nothing was changed by it; reading the page again often helps.',
  reload: 'Read it again',
  outdatedTitle: 'There is a newer console',
  outdated: 'The platform has been updated while this page was open.',
  unavailable: 'The console cannot be shown',
} as const;

export const pages = {
  projects: 'Projects',
  newProject: 'New project',
  overview: 'Overview',
  account: 'Account',
  tables: 'Tables',
  sql: 'SQL',
  policies: 'Policies',
  signIn: 'Sign in',
  signUp: 'Make an account',
} as const;
