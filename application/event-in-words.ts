/** One event of a trail as a sentence: of accounts, projects, whoever looked into them, and operators. */
import type { MigrationEvent } from '../domain/migration/events.ts';
import type { OperatorTokenEvent } from '../domain/operator/operator-tokens.ts';
import type { OperatorUseEvent } from '../domain/operator/operator-use.ts';
import type { InviteEvent } from '../domain/owner/invite.ts';
import type { OwnerEvent } from '../domain/owner/events.ts';
import type { ProjectAccessEvent } from '../domain/project/events.ts';
import type { ProjectNameEvent } from '../domain/project/project-name.ts';
import { inWords } from './project/explain-project.ts';
import type { StoredEvent } from './ports/event-store.ts';

type Told =
  | ProjectAccessEvent
  | MigrationEvent
  | ProjectNameEvent
  | OwnerEvent
  | InviteEvent
  | OperatorTokenEvent
  | OperatorUseEvent;
type Words = { readonly [T in Told['type']]: (data: Extract<Told, { type: T }>['data']) => string };

const WORDS: Words = {
  ApiKeysRevealed: (data) =>
    data.with === 'keys' ? 'The API keys were shown' : 'The API keys were shown, with the connection strings',
  ServiceTokenIssued: (data) =>
    `A token for the project's ${data.for === 'auth' ? 'users' : 'files'} was given out, for ten minutes`,
  SqlExecuted: ({ statement, outcome, durationMs }) =>
    `SQL was run: ${statement} (${outcome}, ${durationMs} ms)`,
  MigrationStarted: ({ name }) => `The migration ${name} began`,
  MigrationApplied: ({ name, durationMs }) => `The migration ${name} was applied in ${durationMs} ms`,
  MigrationFailed: ({ name, outcome }) => `The migration ${name} failed (${outcome}); it was taken back`,
  MigrationRehearsed: ({ name, outcome }) => `The migration ${name} was tried and taken back (${outcome})`,
  ProjectNameReserved: () => 'The name was reserved for the project',
  ProjectNameFreed: () => 'The name was given back',
  OwnerRegistered: () => 'The account was made',
  OwnerSignedIn: () => 'Somebody signed in to the account',
  OwnerSignedOut: () => 'Somebody signed out of the account',
  OwnerSignedOutEverywhere: () => 'All sessions of the account were ended',
  OwnerSignInBlocked: ({ until }) => `Too many wrong passwords: that address is refused until ${until}`,
  OwnerSessionRevoked: ({ reason }) => `A session was ended: ${reason}`,
  TokenIssued: ({ name, scopes, projectId, expiresAt }) =>
    `The personal token "${name}" was made (${scopes.join(', ')}` +
    `${projectId === null ? '' : `; for ${projectId} only`}; ${expiresAt === null ? 'does not expire' : `until ${expiresAt}`})`,
  TokenRevoked: ({ tokenId }) => `The personal token ${tokenId} was revoked`,
  OwnerErased: () => 'The account was erased',
  InviteIssued: ({ expiresAt }) => `An invite was made, good until ${expiresAt}`,
  InviteUsed: ({ ownerId }) => `An invite was used for the account ${ownerId}`,
  OperatorTokenIssued: ({ name, scopes }) => `The operator's token "${name}" was made (${scopes.join(', ')})`,
  OperatorTokenRevoked: ({ tokenId }) => `The operator's token ${tokenId} was revoked`,
  OperatorSessionBegun: ({ until }) => `An operator signed in, until ${until}`,
  OperatorSessionEnded: () => 'An operator signed out',
  OperatorTokenUsed: () => 'An operator looked at the platform, in this hour for the first time',
  ViewsReplayRequested: ({ views }) => `A replay was asked for, of ${views.join(', ')}`,
  ParkedEventsRetried: ({ views }) => `Parked events were tried again, of ${views.join(', ')}`,
};

/** Of a type without words, and of data that an earlier release has left in a view in another shape: the type. */
export function eventInWords(event: Pick<StoredEvent, 'type' | 'data'>): string {
  const { type, data } = event;
  try {
    if (Object.hasOwn(WORDS, type)) return (WORDS[type as Told['type']] as (data: unknown) => string)(data);
    return inWords(event);
  } catch {
    return type;
  }
}
