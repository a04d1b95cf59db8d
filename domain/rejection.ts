/** Every reason for which the business says no. The code is also the problem `type` and the anchor in the docs. */
export const REJECTION_CODES = [
  'project/not-found',
  'project/name-taken',
  'project/already-exists',
  'project/busy',
  'project/not-active',
  'project/not-paused',
  'project/not-deleted',
  'project/keys-overlap',
  'project/suspended',
  'project/nothing-to-retry',
  'project/purge-name-mismatch',
  'project/over-size-limit',
  'project/upgrade-needed',
  'project/revision-mismatch',
  'owner/email-taken',
  'owner/invite-needed',
  'owner/signup-closed',
  'owner/has-projects',
  'owner/token-not-found',
  'owner/too-many-tokens',
  'owner/too-many-projects',
  'owner/invalid-credentials',
  'owner/invalid-refresh-token',
  'idempotency/key-reused',
  'platform/capacity-reached',
  'platform/rollout-under-way',
  'platform/no-rollout',
  'platform/work-under-way',
  'operator/token-not-found',
  'operator/too-many-tokens',
  'migration/not-found',
  'migration/invalid',
  'migration/changed',
  'migration/out-of-order',
  'migration/too-many',
  'migration/no-dry-run',
  'migration/busy',
  'audit/entry-not-found',
  'auth/invalid-settings',
  'storage/invalid-settings',
  'storage/too-many-s3-keys',
  'storage/s3-key-not-found',
] as const;

export type RejectionCode = (typeof REJECTION_CODES)[number];

/** The business says no. Never retried; never carries a secret: `detail` is shown to the caller. */
export class Rejection extends Error {
  readonly code: RejectionCode;
  readonly facts: Readonly<Record<string, string | number>>;

  constructor(code: RejectionCode, detail: string, facts: Record<string, string | number> = {}) {
    super(detail);
    this.name = 'Rejection';
    this.code = code;
    this.facts = facts;
  }
}
