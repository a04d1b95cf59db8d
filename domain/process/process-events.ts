/** What every aggregate with processes records of their steps besides what they did. */
export type StepTroubleEvent =
  /** `retryAt` null: tries are exhausted; what then happens is the process's own (see its `givesUp`) */
  | {
      readonly type: 'StepFailed';
      readonly data: {
        readonly step: string;
        readonly direction: 'do' | 'undo';
        readonly attempt: number;
        readonly reason: string;
        readonly retryAt: string | null;
      };
    }
  /** `once`: the next try is now, and counts as any other; without it an operator has looked, and tries begin anew */
  | { readonly type: 'StepRetryRequested'; readonly data: { readonly once?: true } };
