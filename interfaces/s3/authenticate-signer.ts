/**
 * Who signed a request. An access key that the owner made has the rights of the service role. With a user's token beside it,
 * the id of the project is the access key and its anon key the secret: then it is that user who asks.
 */
import type { StorageCaller } from '../../application/ports/storage-directory.ts';
import type { StorageProject } from '../../application/storage/storage-project.ts';
import { isProjectId } from '../../domain/project/project-id.ts';
import { headersForPolicies } from '../storage/headers-for-policies.ts';
import type { S3Call, S3Dependencies } from './s3-call.ts';
import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';
import { signedBy, shownBy, type Addressed, type Shown } from './signature.ts';

export interface Signer extends Pick<S3Call, 'project' | 'caller' | 'ownerId'> {
  readonly shown: Shown;
  /** for what follows in the body */
  readonly key: Buffer;
}

/**
 * @param id of the project, as it is in the path @param below the path below the protocol's place, decoded
 * @throws {S3Error} @throws {Rejection} the project is not in service @throws {Unavailable}
 */
export async function signerOf(
  { projects, tokens, clock }: Pick<S3Dependencies, 'projects' | 'tokens' | 'clock'>,
  id: string,
  request: S3Request,
  below: string,
): Promise<Signer> {
  const shown = shownBy(request, clock.now());
  if (!isProjectId(id)) throw new S3Error('NoSuchProject');
  const project = await projects.find(id);
  if (!project.settings.s3) throw new S3Error('AccessDenied', 'The S3 protocol is off in this project');
  const key = signedBy(request, shown, secretsOf(project, shown), placesOf(project, request, below));
  if (!key) throw new S3Error('SignatureDoesNotMatch');
  const asked = requestOf(request, below);
  const { sessionToken } = shown;
  if (sessionToken === undefined) {
    const caller: StorageCaller = {
      role: 'service_role',
      claims: { role: 'service_role' },
      token: undefined,
      request: asked,
    };
    return { project, shown, key, caller, ownerId: null };
  }
  const told = await tokens.read(project.keys, sessionToken);
  if (!told) throw new S3Error('ExpiredToken');
  const { role = 'anon', claims, sub = null } = told;
  return { project, shown, key, caller: { role, claims, token: sessionToken, request: asked }, ownerId: sub };
}

/** @throws {S3Error} InvalidAccessKeyId */
function secretsOf(
  { id, s3Keys, anonKeys }: StorageProject,
  { accessKey, sessionToken }: Shown,
): readonly string[] {
  if (sessionToken !== undefined) {
    if (accessKey === id) return anonKeys;
    throw new S3Error('InvalidAccessKeyId', 'With a session token the access key is the id of the project');
  }
  const pair = s3Keys.get(accessKey);
  if (!pair) throw new S3Error('InvalidAccessKeyId');
  return [pair.secret];
}

/** As it came here, and as it is called outside: a proxy in front may have asked for it by another name. */
function placesOf({ url }: StorageProject, request: S3Request, below: string): readonly Addressed[] {
  const outside = new URL(url);
  const came = { host: request.headers.get('host') ?? '', path: request.path };
  const called = { host: outside.host, path: `${outside.pathname}/s3${below}` };
  return came.host === called.host && came.path === called.path ? [came] : [came, called];
}

const requestOf = ({ method, headers }: S3Request, below: string): StorageCaller['request'] => ({
  method,
  path: `/s3${below}`,
  headers: headersForPolicies(headers),
});
