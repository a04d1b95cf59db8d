/** What a command will do, what it is doing, and why a project is as it is. */
export const plan = {
  title: {
    create: (name: string) => `Create ${name}`,
    pause: (name: string) => `Pause ${name}?`,
    resume: (name: string) => `Resume ${name}?`,
    undelete: (name: string) => `Take the deletion of ${name} back?`,
    upgrade: (name: string) => `Upgrade ${name}?`,
    delete: (name: string) => `Delete ${name}?`,
    purge: (name: string) => `Purge ${name} for good?`,
  },
  /** on the button: what it does */
  action: {
    pause: 'Pause project',
    resume: 'Resume project',
    undelete: 'Undelete project',
    upgrade: 'Upgrade project',
    delete: 'Delete project',
    purge: 'Purge project for good',
  },
  whatHappens: 'What will happen',
  steps: 'Steps',
  usually: (time: string) => `usually ${time}`,
  usuallyInAll: (time: string, samples: number) =>
    `Usually ${time} in all, by the latest ${samples === 1 ? 'run' : `${samples} runs`} here.`,
  neverYet: 'It has not run here yet, so nobody knows how long it takes.',
  unknownTime: 'not known',
  effects: 'Who notices',
  final: 'What cannot be taken back',
  takes: 'Takes',
  frees: 'Gives back',
  connections: 'Connections',
  connectionChange: (change: number, used: number, limit: number) =>
    `${change > 0 ? `+${change}` : change < 0 ? `−${-change}` : '±0'}: then ${(used + change).toLocaleString('en')} of ${limit.toLocaleString('en')}`,
  connectionsUsed: 'Connections of the server in use',
  refused: 'This cannot be done now',
  nothing: 'There is nothing to do: it is so already.',
  failed: 'The plan cannot be shown',
} as const;

export const steps = {
  titles: {
    provision: 'Creation',
    pause: 'Pause',
    resume: 'Resume',
    sleep: 'Falling asleep',
    wake: 'Waking up',
    delete: 'Deletion',
    undelete: 'Undeletion',
    purge: 'Purge',
    'apply-settings': 'Taking up new settings',
    'change-password': 'Changing the database password',
    'apply-limits': 'Taking up new limits',
    upgrade: 'Upgrade',
  } as Readonly<Record<string, string>>,
  over: {
    done: (time: string) => `Done in ${time}`,
    failed: 'It failed, and what was done is undone',
    upgradeFailed: 'It failed; the project serves on as before',
    stopped: 'It was not needed in the end',
    suspended: 'It has given up; somebody has to have it tried again',
    undoing: 'It failed; what was done is being undone',
    running: (done: number, all: number) => `${done} of ${all} steps`,
  },
  states: {
    pending: 'waiting',
    running: 'running',
    retrying: 'failed, is tried again',
    done: 'done',
    failed: 'failed',
    undoing: 'being undone',
    undone: 'undone',
  },
  tries: (attempts: number) => `try ${attempts}`,
  nextTry: (seconds: number) => (seconds <= 0 ? 'is being tried again' : `next try in ${seconds} s`),
  reconnecting: 'The connection was lost; reconnecting. Nothing will be missing.',
} as const;

export const why = {
  waits: 'It waits for',
  tries: (count: number) => (count === 1 ? 'tried once' : `tried ${count} times`),
  helps: 'What helps',
  action: {
    resume: 'Resume',
    undelete: 'Undelete',
    upgrade: 'Try the upgrade again',
    delete: 'Delete and free the name',
    retry: 'Try now',
  },
  chain: 'How it came to this',
  retryFailed: 'It was not tried',
} as const;
