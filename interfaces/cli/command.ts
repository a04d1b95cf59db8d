import type { EventMetadata } from '../../application/ports/event-store.ts';
import type { Operator } from '../composition/operator.ts';

export interface Command {
  readonly name: string;
  /** what follows the name: `<project>`, `[view]` */
  readonly usage: string;
  readonly summary: string;
  /** names of flags without a value */
  readonly flags: readonly string[];
  /** names of those with one */
  readonly options?: readonly string[];
  /** how many arguments: least and most */
  readonly arguments: readonly [least: number, most: number];
  /** @returns the exit code: 0 fine, 1 not possible, 2 something is not as it should be */
  run(operator: Operator, given: Given): Promise<number>;
}

export interface Given {
  readonly args: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly options: ReadonlyMap<string, string>;
  readonly say: (line: string) => void;
  /** aborts on Ctrl-C */
  readonly signal: AbortSignal;
}

/** Of what an operator's command asks for. @param reason the command, as it was typed */
export const byOperator = ({ ids }: Pick<Operator, 'ids'>, reason: string): EventMetadata => ({
  correlationId: ids.uuid(),
  causationId: null,
  actor: { kind: 'operator', id: 'cli' },
  reason,
});
