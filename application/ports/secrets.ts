import type { SealedSecrets } from '../../domain/project/events.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { PublicKey } from '../../domain/project/public-key.ts';

/** `verifier` is PostgreSQL's SCRAM-SHA-256 string: computed once, put in PostgreSQL and in PgBouncer. */
export interface DatabaseLogin {
  readonly password: string;
  readonly verifier: string;
}

/** By the name of the login; see project-logins.ts. Those of every project, and of the others those that it has. */
export interface DatabaseLogins {
  readonly owner: DatabaseLogin;
  readonly authenticator: DatabaseLogin;
  readonly [login: string]: DatabaseLogin | undefined;
}

export interface ProjectSecrets {
  /** HS256 key of the project's API tokens, at least 32 characters */
  readonly jwtSecret: string;
  readonly logins: DatabaseLogins;
}

export const SERVICE_TOKEN_SECONDS = 600;

/** What tokens of a project are checked by. */
export interface VerifyingKeys {
  /** HS256 */
  readonly jwtSecrets: readonly string[];
  /** of users' tokens, each for its own algorithm */
  readonly publicKeys: readonly PublicKey[];
}

export interface ApiKeys {
  readonly anonKey: string;
  readonly serviceRoleKey: string;
}

/** `wrong`: it is no token, or none that one of these keys signed. */
export type TokenVerdict = 'good' | 'expired' | 'not-yet' | 'wrong';

export interface Secrets {
  /** New random secrets, of every login that there is. Costly (SCRAM): a few milliseconds off the main thread. */
  issue(): Promise<ProjectSecrets>;
  /** With new ones for the logins up to a version of the template that they lack; undefined: they lack none. */
  completed(
    project: ProjectId,
    sealed: SealedSecrets,
    templateVersion: number,
  ): Promise<SealedSecrets | undefined>;
  seal(project: ProjectId, secrets: ProjectSecrets): SealedSecrets;
  /** @throws {Refused} when the blob was sealed under another master key, for another project, or altered */
  open(project: ProjectId, sealed: SealedSecrets): ProjectSecrets;
  /** JWTs signed with the project's secret; the same for the same secret and `issuedAt`. */
  apiKeys(project: ProjectId, secrets: ProjectSecrets, issuedAt: Date): Promise<ApiKeys>;
  /** The same as the key of service_role, but good for {@link SERVICE_TOKEN_SECONDS} only. */
  serviceToken(project: ProjectId, secrets: ProjectSecrets, issuedAt: Date): Promise<string>;
  /** As PostgREST with these keys judges it. Never throws. */
  judge(token: string, keys: VerifyingKeys): Promise<TokenVerdict>;
}
