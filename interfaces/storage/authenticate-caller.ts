import type { StorageCaller } from '../../application/ports/storage-directory.ts';
import type { UserTokens } from '../../application/ports/user-tokens.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import type { StorageProject, StorageProjects } from '../../application/storage/storage-project.ts';
import { isProjectId } from '../../domain/project/project-id.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { Authenticate } from '../http/server.ts';
import { headersForPolicies } from './headers-for-policies.ts';
import { asProblem } from './storage-error-body.ts';
import type { StorageEndpoint, StorageServiceCaller } from './storage-endpoint.ts';

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
const PREFIX = /^\/project\/[^/]+\/storage\/v1/;

const missing = () =>
  new StorageError('InvalidRequest', "headers must have required property 'authorization'");
const notGood = () =>
  new StorageError('AccessDenied', 'jwt is not valid: malformed, expired, or not of this project');

/** Which project, and who asks. @throws {ProblemError} no token, or none that is good, where one is needed */
export const callerAuthentication =
  (
    projects: StorageProjects,
    tokens: Pick<UserTokens, 'read'>,
  ): Authenticate<StorageEndpoint, StorageServiceCaller> =>
  async ({ headers, params, method, path }, { auth }) => {
    const project = await findProject(projects, params['project']);
    const request = {
      method,
      path: path.replace(PREFIX, ''),
      headers: headersForPolicies(Object.entries(headers)),
    };
    const nobody: StorageCaller = { role: 'anon', claims: { role: 'anon' }, token: undefined, request };
    const known = (caller: StorageCaller, ownerId: string | null, refusal?: StorageError) => ({
      logged: { project: project.id },
      known: { project, caller, ownerId, refusal },
    });
    if (auth === 'open') return known(nobody, null);
    const { authorization } = headers;
    const token = BEARER.exec(authorization ?? '')?.[1];
    const shown = token === undefined ? undefined : await tokens.read(project.keys, token);
    if (shown)
      return known({ role: shown.role ?? 'anon', claims: shown.claims, token, request }, shown.sub ?? null);
    const refusal = authorization === undefined ? missing() : notGood();
    if (auth === 'needed') throw asProblem(refusal);
    return known(nobody, null, refusal);
  };

/** @throws {Rejection} project/not-found, project/not-active, project/upgrade-needed */
function findProject(projects: StorageProjects, id: unknown): Promise<StorageProject> {
  if (typeof id === 'string' && isProjectId(id)) return projects.find(id);
  throw new Rejection('project/not-found', 'There is no such project.');
}
