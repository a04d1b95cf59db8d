/** The palette of commands, at Ctrl-K. */
export const palette = {
  title: 'Go to or do',
  open: 'Search and commands',
  placeholder: 'A project, a page, something to do …',
  none: 'Nothing like that',
  found: (count: number) => (count === 1 ? '1 result' : `${count} results`),
  recent: 'recent',
  here: 'this project',
  project: 'project',
  page: 'account',
  action: 'action',
} as const;
