/** Words of the parts that every page is made of. */
export const components = {
  close: 'Close',
  cancel: 'Cancel',
  copy: 'Copy',
  copied: 'Copied',
  notCopied: 'Your browser did not let it be copied',
  tryAgain: 'Try again',
  loading: 'Loading',
  none: 'None',
  noMatch: 'Nothing like that',
  typeToConfirm: (name: string) => `Type ${name} to confirm`,
  select: 'Select',
  show: 'Show',
  hide: 'Hide',
  next: 'Next',
  previous: 'Previous',
  page: (from: number, to: number, of?: number) =>
    of === undefined ? `${from}–${to}` : `${from}–${to} of ${of.toLocaleString('en')}`,
  sortBy: (column: string) => `Sort by ${column}`,
  reference: 'Reference',
  optional: 'optional',
} as const;

export const status = {
  provisioning: 'Being created',
  active: 'Active',
  pausing: 'Pausing',
  paused: 'Paused',
  resuming: 'Resuming',
  sleeping: 'Sleeping',
  waking: 'Waking up',
  failed: 'Failed',
  suspended: 'Suspended',
  deleting: 'Being deleted',
  deleted: 'Deleted',
  purging: 'Being purged',
  purged: 'Purged',
} as const;
