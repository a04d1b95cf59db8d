import type { Brand } from '../brand.ts';

export type ProjectId = Brand<string, 'ProjectId'>;

const PATTERN = /^proj_[0-9a-f]{16}$/;
const NAME_PATTERN = /^[a-z0-9][a-z0-9_-]{2,63}$/;

export const isProjectId = (text: string): text is ProjectId => PATTERN.test(text);

export const isProjectName = (text: string): boolean => NAME_PATTERN.test(text);

/** @throws {TypeError} when the text is not `proj_` + 16 lower-case hexadecimal digits. */
export function projectId(text: string): ProjectId {
  if (!isProjectId(text)) throw new TypeError('not a project id');
  return text;
}

export const projectStream = (id: ProjectId): string => `project-${id}`;

/** Where it stands who looked at the project's secrets and ran SQL in it. */
export const projectAccessStream = (id: ProjectId): string => `projectaccess-${id}`;

/** Where it stands what its owner's migrations did to its database. */
export const projectMigrationsStream = (id: ProjectId): string => `projectmigrations-${id}`;

/** Where it stands what its owner has set of its auth service. */
export const projectAuthStream = (id: ProjectId): string => `projectauth-${id}`;

/** Where it stands what its owner has set of its storage, and which access keys of S3's it has. */
export const projectStorageStream = (id: ProjectId): string => `projectstorage-${id}`;

/** The project of a stream name, or undefined when the stream belongs to something else. */
export function projectOfStream(stream: string): ProjectId | undefined {
  const id = stream.startsWith('project-') ? stream.slice('project-'.length) : '';
  return isProjectId(id) ? id : undefined;
}

/** The project of the name of a stream that stands beside its own. */
export function projectBesideStream(stream: string): ProjectId | undefined {
  const id = /^project(?:access|migrations|auth|storage)-(.*)$/.exec(stream)?.[1] ?? '';
  return isProjectId(id) ? id : undefined;
}

/** The natural names of what a project owns in PostgreSQL. The database is named as the project itself. */
export const databaseName = (id: ProjectId): string => id;
export const ownerRole = (id: ProjectId): string => `${id}_owner`;
export const authenticatorRole = (id: ProjectId): string => `${id}_authenticator`;
/** PostgreSQL's pattern of a project's logins, whichever there are: nobody but us makes roles. */
export const PROJECT_LOGIN = '^proj_[0-9a-f]{16}_[a-z]+$';

/** Whether it may be one: which there are, PostgreSQL and the pooler know. */
export const isLoginName = (login: string, id: ProjectId): boolean =>
  login.startsWith(`${id}_`) && /^[a-z]+$/.test(login.slice(id.length + 1));

export const projectOfLogin = (login: string): ProjectId =>
  projectId(login.slice(0, 'proj_0123456789abcdef'.length));
