import { expect, test } from 'vitest';
import { fold } from '../decider.ts';
import { inviteDecider, type InviteEvent } from './invite.ts';

const NOW = new Date('2026-01-02T00:00:00Z');
const issued = (addressHash: string | null = null, expiresAt = '2026-01-03T00:00:00.000Z'): InviteEvent => ({
  type: 'InviteIssued',
  data: { expiresAt, addressHash },
});
const used = (ownerId: string): InviteEvent => ({ type: 'InviteUsed', data: { ownerId } });

function use(given: readonly InviteEvent[], ownerId = 'own_a', now = NOW) {
  const history = given.map((event, revision) => ({ ...event, revision, recordedAt: NOW }));
  const command = { kind: 'UseInvite', ownerId, addressHash: 'of-ann', now } as const;
  return inviteDecider.decide(command, fold(inviteDecider, history));
}

test('an invite is used once, by whom it is for', () => {
  expect(use([issued()])).toEqual([used('own_a')]);
  expect(use([issued('of-ann')])).toEqual([used('own_a')]);
});

test('who has used it goes on, later too', () => {
  expect(use([issued(), used('own_a')])).toEqual([]);
  expect(use([issued(), used('own_a')], 'own_a', new Date('2027-01-01T00:00:00Z'))).toEqual([]);
});

test.each([
  ['none', [], 'no such invite'],
  ['used', [issued(), used('own_b')], 'used already'],
  ['expired', [issued(null, NOW.toISOString())], 'expired'],
  ['of somebody else', [issued('of-bob')], 'another e-mail address'],
  ['of somebody else, begun', [issued('of-bob'), used('own_a')], 'another e-mail address'],
] as const)('%s: refused', (_, given, says) => {
  expect(() => use(given)).toThrow(expect.objectContaining({ code: 'owner/invite-needed' }));
  expect(() => use(given)).toThrow(says);
});
