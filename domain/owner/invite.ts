/**
 * An invite is the right to make one account. Its stream is named by the hash of its code, and the account's id is
 * written into it before there is an account: of many who show the code at once exactly one gets in, and who dies
 * halfway goes on with the same id.
 */
import type { Decider } from '../decider.ts';
import { Rejection } from '../rejection.ts';

export type InviteEvent =
  /** `addressHash`: of code and address together, so the address is to be found out by nobody without the code */
  | { readonly type: 'InviteIssued'; readonly data: { expiresAt: string; addressHash: string | null } }
  | { readonly type: 'InviteUsed'; readonly data: { ownerId: string } };

interface IssuedInvite {
  readonly kind: 'issued';
  readonly expiresAt: Date;
  /** null: whoever has the code may use it, with any address */
  readonly addressHash: string | null;
  /** the one account that it is for; null: not used yet */
  readonly ownerId: string | null;
}

export type Invite = { readonly kind: 'none' } | IssuedInvite;

export type InviteCommand =
  | { readonly kind: 'IssueInvite'; readonly expiresAt: Date; readonly addressHash: string | null }
  | {
      readonly kind: 'UseInvite';
      readonly ownerId: string;
      readonly addressHash: string;
      readonly now: Date;
    };

export const inviteStream = (codeHash: string): string => `invite-${codeHash}`;

/** The same for an invite that has been used, whether it is seen before the account is made or while it is. */
export const inviteUsed = (): Rejection =>
  new Rejection('owner/invite-needed', 'This invite was used already; each is good for one account.');

export const inviteDecider: Decider<Invite, InviteCommand, InviteEvent> = {
  initial: { kind: 'none' },
  decide(command, invite) {
    if (command.kind === 'IssueInvite') {
      const { expiresAt, addressHash } = command;
      const data = { expiresAt: expiresAt.toISOString(), addressHash };
      return invite.kind === 'none' ? [{ type: 'InviteIssued', data }] : [];
    }
    const { ownerId, addressHash, now } = command;
    const no = (detail: string) => new Rejection('owner/invite-needed', detail);
    if (invite.kind === 'none') throw no('There is no such invite.');
    if (invite.addressHash !== null && invite.addressHash !== addressHash)
      throw no('This invite is for another e-mail address.');
    // it was in time when it was used; who goes on may be late
    if (invite.ownerId === ownerId) return [];
    if (invite.ownerId !== null) throw inviteUsed();
    if (invite.expiresAt <= now) throw no('This invite has expired; ask for another one.');
    return [{ type: 'InviteUsed', data: { ownerId } }];
  },
  evolve(invite, event) {
    if (event.type === 'InviteIssued') {
      const { expiresAt, addressHash } = event.data;
      return { kind: 'issued', expiresAt: new Date(expiresAt), addressHash, ownerId: null };
    }
    return invite.kind === 'none' ? invite : { ...invite, ownerId: event.data.ownerId };
  },
};
