/** Ours and the others in turn: whatever the machine does meanwhile, it does to all of them. */
import type { Measures, Way } from './section.ts';
import type { Round } from './statistics.ts';

export interface Turns {
  readonly rounds: number;
  readonly warmUp: boolean;
  /** around the rounds, without the warm-up */
  readonly begun?: () => Promise<void>;
}

/** Each way once in every round, and in every other round the last one first. */
export async function interleaved(ways: ReadonlyMap<string, Way>, turns: Turns): Promise<readonly Round[]> {
  const forth = [...ways];
  if (turns.warmUp) for (const [, way] of forth) await way();
  await turns.begun?.();
  const rounds: Round[] = [];
  while (rounds.length < turns.rounds) {
    const order = rounds.length % 2 === 0 ? forth : forth.toReversed();
    const round = new Map<string, Measures>();
    for (const [name, way] of order) round.set(name, await way());
    rounds.push(round);
  }
  return rounds;
}
