/** Making a project. */
export const create = {
  title: 'New project',
  description: 'A PostgreSQL database of its own, with a REST API, users and files.',
  shown: 'Name',
  shownHint: 'For people; it can be changed at any time.',
  name: 'Short name',
  nameHint: 'For addresses and commands. It stays.',
  free: 'This name is free.',
  taken: 'You have a project of this name.',
  form: '3 to 64 of a-z, 0-9, “-” and “_”, beginning with a letter or digit.',
  create: 'Create project',
  cancel: 'Cancel',
  failed: 'The project could not be created',
} as const;
