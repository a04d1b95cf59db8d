import { Rejection } from '../../domain/rejection.ts';
import type { EventMetadata } from '../ports/event-store.ts';
import { recordOwnerEvent } from './record-owner-event.ts';
import type { LogInDependencies } from './log-in.ts';

export interface EraseOwnerDependencies extends LogInDependencies {
  /** projects of the owner of which anything is left */
  readonly projectsOf: (ownerId: string) => Promise<number>;
}

/**
 * Takes an owner away: the account, the sessions, the tokens, and the key under which their personal data stands in
 * the log. The events stay and still verify; what was sealed in them can be read by nobody any more. The event
 * comes first: who dies in between asks again.
 * @throws {Rejection} owner/invalid-credentials, owner/has-projects
 */
export async function eraseOwner(
  dependencies: EraseOwnerDependencies,
  ownerId: string,
  password: string,
  metadata: EventMetadata,
): Promise<void> {
  const { accounts, passwords, ids, limits, projectsOf } = dependencies;
  const account = await accounts.findById(ownerId);
  const address = metadata.ip ?? 'unknown';
  const attempt = await limits.attempt({ account: account?.email ?? ownerId, address }, async () =>
    (await passwords.verify(account?.passwordHash, password, { address })) ? true : undefined,
  );
  if (attempt.outcome !== 'right') throw new Rejection('owner/invalid-credentials', 'The password is wrong.');
  const left = await projectsOf(ownerId);
  if (left > 0) {
    throw new Rejection('owner/has-projects', `You still have ${left} projects; purge them first.`, {
      projects: left,
    });
  }
  const event = { type: 'OwnerErased', data: {} } as const;
  await recordOwnerEvent(dependencies, ownerId, event, metadata, ids.uuidFor(`owner-erased ${ownerId}`));
  await accounts.erase(ownerId);
}
