/** The users of projects, in each project's own database: one transaction at a time, as its login `auth`. */
import type {
  AuthMethod,
  Challenge,
  Factor,
  FactorType,
  Flow,
  Identity,
  JsonObject,
  OneTimeToken,
  OneTimeTokenType,
  ProvedMethod,
  Session,
  User,
} from '../../domain/auth/user.ts';
import type { MailKind } from '../../domain/auth/auth-settings.ts';
import type { Passkey, PasskeyChallenge } from '../../domain/auth/passkey.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** `lock`: whoever asks for the same row so waits until this transaction is over. */
export type Lock = 'lock' | undefined;

export interface UserPage {
  /** from 1 */
  readonly page: number;
  readonly perPage: number;
  /** in addresses and full names; empty: all */
  readonly filter: string;
  /** of their metadata together; default: 16 MiB */
  readonly mostBytes?: number;
}

export interface UserRows {
  byId(id: string, lock?: Lock): Promise<User | undefined>;
  /** @param email lower case */
  byEmail(email: string, lock?: Lock): Promise<User | undefined>;
  byPhone(phone: string): Promise<User | undefined>;
  ofSession(sessionId: string): Promise<User | undefined>;
  /** @returns undefined: somebody has this address, telephone or id already; else as it stands, whatever a trigger made of it */
  insert(user: User): Promise<User | undefined>;
  /** Many at once. @returns the ids of those that were made: of the others somebody has the address, telephone or id already, or a trigger kept them out */
  insertNew(users: readonly User[]): Promise<ReadonlySet<string>>;
  /** @returns which of these are there */
  known(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** @returns undefined: somebody else has this address or telephone already, or there is no such user */
  update(id: string, change: Partial<Omit<User, 'id' | 'createdAt'>>): Promise<User | undefined>;
  delete(id: string): Promise<void>;
  /** newest first; none, where all of them together are too large */
  page(page: UserPage): Promise<{ readonly users: readonly User[]; readonly total: number }>;
}

export interface IdentityRows {
  of(userIds: readonly string[]): Promise<readonly Identity[]>;
  find(provider: string, providerId: string): Promise<Identity | undefined>;
  /** with the same provider and id there: replaced */
  put(identity: Identity): Promise<void>;
  /** Many at once; what is there with the same provider and id stays. */
  putNew(identities: readonly Identity[]): Promise<void>;
  /** @returns false: whoever it is at the provider is known already, as this user or as another */
  add(identity: Identity): Promise<boolean>;
  delete(id: string): Promise<void>;
}

export interface SessionRows {
  byId(id: string, lock?: Lock): Promise<Session | undefined>;
  /** newest first; many that somebody left open are cut off at 1,000 */
  of(userId: string): Promise<readonly Session[]>;
  insert(session: Session): Promise<void>;
  update(id: string, change: Partial<Omit<Session, 'id' | 'userId'>>): Promise<void>;
  /** with their refresh tokens; `except` stays */
  endOf(
    userId: string,
    which?: { readonly except?: string; readonly only?: string; readonly aal?: 'aal1' },
  ): Promise<void>;
  /** those that this factor made aal2 are aal1 again, and nothing says any more that they were proved by it */
  downgrade(factorId: string, method: AuthMethod): Promise<void>;
  /** the newest time of a method counts */
  prove(sessionId: string, method: AuthMethod, at: Date): Promise<void>;
  /** newest first */
  methodsOf(sessionId: string): Promise<readonly ProvedMethod[]>;
}

export interface OneTimeTokenRows {
  /** in place of the one of the same type */
  put(token: OneTimeToken): Promise<void>;
  /** one of these, locked: whoever comes with the same waits, and finds it spent */
  take(hashes: readonly string[], types: readonly OneTimeTokenType[]): Promise<OneTimeToken | undefined>;
  /** default: of every type */
  delete(userId: string, types?: readonly OneTimeTokenType[]): Promise<void>;
}

export interface FactorRows {
  of(userIds: readonly string[]): Promise<readonly Factor[]>;
  byId(id: string, lock?: Lock): Promise<Factor | undefined>;
  /** @returns false: the user has one of this name already */
  insert(factor: Factor): Promise<boolean>;
  update(
    id: string,
    change: Partial<
      Pick<Factor, 'status' | 'friendlyName' | 'secret' | 'credential' | 'lastChallengedAt' | 'updatedAt'>
    >,
  ): Promise<void>;
  delete(id: string): Promise<void>;
  deleteUnverified(userId: string, type: FactorType, olderThan?: Date): Promise<void>;
  challenge(id: string, lock?: Lock): Promise<Challenge | undefined>;
  insertChallenge(challenge: Challenge): Promise<void>;
  verifyChallenge(id: string, at: Date): Promise<void>;
  deleteChallenges(factorId: string, before: Date): Promise<void>;
}

export interface FlowRows {
  /**
   * Clears away some of those that nobody came back to: from providers ten minutes after they began, by e-mail two days.
   * It waits for nobody.
   */
  insert(flow: Flow): Promise<void>;
  byId(id: string, lock?: Lock): Promise<Flow | undefined>;
  byAuthCode(code: string, lock?: Lock): Promise<Flow | undefined>;
  /**
   * One that waits for a provider, and goes with it: of many with the same id one gets it.
   * @param boundTo it has to have this `authCode`, unless it adds to an account
   */
  take(id: string, boundTo: string): Promise<Flow | undefined>;
  /** the newest of a user's by e-mail with this method */
  newestOf(userId: string, method: AuthMethod): Promise<Flow | undefined>;
  update(id: string, change: Partial<Omit<Flow, 'id'>>): Promise<void>;
  delete(id: string): Promise<void>;
}

export interface PasskeyRows {
  /** oldest first */
  of(userId: string): Promise<readonly Passkey[]>;
  byId(id: string, lock?: Lock): Promise<Passkey | undefined>;
  byCredentialId(id: string, lock?: Lock): Promise<Passkey | undefined>;
  /** @returns false: there is this key already, whoever has it */
  insert(passkey: Passkey): Promise<boolean>;
  update(
    id: string,
    change: Partial<Pick<Passkey, 'signCount' | 'backedUp' | 'friendlyName' | 'updatedAt' | 'lastUsedAt'>>,
  ): Promise<void>;
  delete(id: string): Promise<void>;
  /** Clears away some of those that are over. */
  insertChallenge(challenge: PasskeyChallenge): Promise<void>;
  /** It goes with that: of many who come with it one gets it. @param userId whose it has to be; null: nobody's */
  takeChallenge(
    id: string,
    kind: PasskeyChallenge['kind'],
    userId: string | null,
  ): Promise<PasskeyChallenge | undefined>;
}

/** A mail, ready to be sent. */
export interface Mail {
  readonly id: string;
  readonly kind: MailKind;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly createdAt: Date;
}

export interface OutboxRows {
  add(mail: Mail): Promise<void>;
}

/** Its row's payload: actor_id, actor_username, actor_name, actor_via_sso (false), action, log_type, traits. See application/auth/audit.ts. */
export interface AuditEntry {
  readonly action: string;
  readonly actorId: string;
  readonly actorUsername: string;
  /** from their metadata */
  readonly actorName?: string;
  readonly logType: 'account' | 'team' | 'token' | 'user' | 'factor' | 'recovery_codes';
  readonly traits?: JsonObject;
  readonly ip: string | null;
}

export interface UserTransaction {
  readonly users: UserRows;
  readonly identities: IdentityRows;
  readonly sessions: SessionRows;
  readonly oneTimeTokens: OneTimeTokenRows;
  readonly factors: FactorRows;
  readonly flows: FlowRows;
  readonly passkeys: PasskeyRows;
  readonly outbox: OutboxRows;
  readonly audit: (entry: AuditEntry, at: Date) => Promise<void>;
}

export interface UserDirectory {
  /**
   * The work is one transaction: it ends in COMMIT, or in ROLLBACK when the work throws, which is what it throws then.
   * @throws {Unavailable} no session, or no end in time
   * @throws {SqlFailed} a trigger of the owner's said no, or the row cannot be
   * @throws {Rejection} project/not-found, project/not-active
   */
  with<T>(
    project: ProjectId,
    work: (rows: UserTransaction) => Promise<T>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<T>;
}
