/** How much a project was used, over time. */
export const usage = {
  title: 'Use',
  range: 'Time',
  ranges: { hour: 'Hour', day: 'Day', month: '30 days' },
  requests: 'API requests',
  connections: 'Pooled connections',
  size: 'Database size',
  inAll: (count: string) => `${count} in all`,
  most: (count: string) => `${count} at most`,
  now: (size: string) => `${size} now`,
  unknown: 'not measured yet',
  time: 'From',
  asTable: 'Show as a table',
  emptyTitle: 'Not used in this time',
  empty:
    'Requests of the REST API, connections through the pooler and the size of the database are drawn here.',
  failed: 'How it was used cannot be shown',
} as const;
