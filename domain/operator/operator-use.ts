/** What was done by operators that no other stream tells of. Nobody folds it: it is for the audit trail. */
export const OPERATOR_USE_STREAM = 'platform-operator-use';

export type OperatorUseEvent =
  /** for reading; once for each token and hour, however often */
  | { readonly type: 'OperatorTokenUsed'; readonly data: { tokenId: string } }
  | { readonly type: 'ViewsReplayRequested'; readonly data: { views: readonly string[] } }
  | { readonly type: 'ParkedEventsRetried'; readonly data: { views: readonly string[] } };
