/** What a process changes for whom, in words for the owner who is about to ask for it. */
import type { ProcessName, ProjectEvent } from '../../domain/project/events.ts';
import type { ExistingProject, Project, Resources } from '../../domain/project/project.ts';

/** What it uses up, and what it gives back. */
export interface Changes {
  readonly takes: readonly string[];
  readonly frees: readonly string[];
}

export interface Consequences {
  /** who notices it, and how */
  readonly effects: readonly string[];
  readonly cannotBeUndone: readonly string[];
}

const RESOURCES: Readonly<Record<keyof Resources, string>> = {
  database: 'a database',
  users: 'its logins to PostgreSQL',
  pool: 'an entry in the connection pooler',
  postgrest: 'a REST API, with a port of its own',
};

/** @param done the events that its steps record */
export function changesInWords(
  before: Project,
  after: ExistingProject,
  done: readonly ProjectEvent['type'][],
): Changes {
  const name = `the name "${after.name}"`;
  const standing = (state: Project, what: keyof Resources) =>
    state.kind === 'project' && state.resources[what];
  const changed = (from: Project, to: Project) =>
    (Object.keys(RESOURCES) as (keyof Resources)[])
      .filter((what) => !standing(from, what) && standing(to, what))
      .map((what) => RESOURCES[what]);
  return {
    takes: [...(before.kind === 'project' ? [] : [name]), ...changed(before, after)],
    frees: [
      ...changed(after, before),
      ...(done.includes('ProjectFilesRemoved') ? ['the room that its files take'] : []),
      ...(done.includes('ProjectNameReleased') ? [name] : []),
    ],
  };
}

const BROKEN_OFF = 'Requests and transactions that are under way are broken off.';
const BACK = 'Clients reach it again, at the addresses and with the keys and passwords that they have.';

/** Of a creation that finds a spare project. */
export const CLAIM: Consequences = {
  effects: [
    'It is there at once: everything of it was made before, and stands ready.',
    'Nobody notices: other projects go on as they are.',
  ],
  cannotBeUndone: ['The name stays as it is; the display name can be changed.'],
};

type Words = (project: ExistingProject) => Consequences;

/** Of those that an owner can ask for and see planned. */
const CONSEQUENCES: Readonly<Partial<Record<ProcessName, Words>>> = {
  provision: () => ({
    effects: ['Nobody notices: other projects go on as they are.'],
    cannotBeUndone: ['The short name stays as it is. The name that people see can be changed.'],
  }),
  pause: () => ({
    effects: [
      'Clients are cut off: its REST API, users and files answer that it is paused, and database connections end.',
      'The data stays as it is, for as long as you like.',
    ],
    cannotBeUndone: [BROKEN_OFF],
  }),
  resume: () => ({ effects: [BACK], cannotBeUndone: [] }),
  wake: () => ({
    effects: ['Its REST API is started, as the next request would do; nobody is cut off.'],
    cannotBeUndone: [],
  }),
  delete: ({ purgeAfter }) => ({
    effects: [
      'Clients are cut off: to them it is as if there were no such project.',
      `Data, users and files are kept until ${moment(purgeAfter)}; until then you can undelete it.`,
      'Its name stays taken until then.',
    ],
    cannotBeUndone: [BROKEN_OFF, `After ${moment(purgeAfter)} everything of it is removed for good.`],
  }),
  undelete: () => ({ effects: [BACK], cannotBeUndone: [] }),
  purge: ({ activated }) => ({
    effects: [
      ...(activated ? ['Clients are cut off at once, and for good.'] : []),
      'Its history stays in the log: who did what and when.',
    ],
    cannotBeUndone: activated
      ? [
          'The database with every table, its users and its files are gone for good.',
          'Nobody can bring them back, the operator included.',
        ]
      : ['What there is of it is removed for good; it never held data.'],
  }),
  upgrade: ({ upgrade }) => ({
    effects: [
      `The platform's part of its database goes from version ${upgrade?.from} to ${upgrade?.to}; your tables stay as they are.`,
      'It serves all the while, and no session is cut off. If a step fails, it serves on as before.',
    ],
    cannotBeUndone: ['A database does not go back to an earlier version.'],
  }),
};

export const consequencesOf = (process: ProcessName, project: ExistingProject): Consequences =>
  CONSEQUENCES[process]?.(project) ?? { effects: [], cannotBeUndone: [] };

const moment = (date: Date | null): string =>
  date === null ? 'then' : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
