/** What operators look at, by name, and which of it an event may have changed. */
import { OPERATOR_TOKENS_STREAM } from '../../domain/operator/operator-tokens.ts';
import { POOLER_DRIFT_STREAM } from '../../domain/platform/pooler-drift.ts';
import { projectOfStream } from '../../domain/project/project-id.ts';
import { ROLLOUTS_STREAM } from '../../domain/platform/rollout.ts';
import type { StoredEvent } from '../ports/event-store.ts';

/** As in the address that shows it: `/api/operator/pools`. */
export const OPERATOR_VIEWS = [
  'capacity',
  'pools',
  'data-apis',
  'views',
  'background',
  'drift',
  'failures',
  'parked',
  'projects',
  'rollouts',
  'invites',
  'tokens',
  'audit',
] as const;
export type OperatorView = (typeof OPERATOR_VIEWS)[number];

/** Whatever happens to a project may have given it another status, step, version, pool or REST API. */
const OF_PROJECT: readonly OperatorView[] = [
  'capacity',
  'pools',
  'data-apis',
  'failures',
  'projects',
  'rollouts',
];
const OF_STREAM: Readonly<Record<string, readonly OperatorView[]>> = {
  [OPERATOR_TOKENS_STREAM]: ['tokens'],
  [ROLLOUTS_STREAM]: ['rollouts'],
  [POOLER_DRIFT_STREAM]: ['pools', 'drift'],
};

/** What may look otherwise after it: rather one too many than one that is forgotten. */
export function changedBy({
  stream,
  type,
  metadata,
}: Pick<StoredEvent, 'stream' | 'type'> & {
  readonly metadata: Pick<StoredEvent['metadata'], 'actor'>;
}): ReadonlySet<OperatorView> {
  return new Set<OperatorView>([
    // each view of the log has gone on, or could not take it in
    'views',
    'parked',
    ...(OF_STREAM[stream] ?? []),
    ...(projectOfStream(stream) ? OF_PROJECT : []),
    ...(type === 'DriftDetected' || type === 'DriftRepaired' ? (['drift'] as const) : []),
    ...(type === 'InviteIssued' || type === 'InviteUsed' ? (['invites'] as const) : []),
    ...(metadata.actor.kind === 'operator' ? (['audit'] as const) : []),
  ]);
}
