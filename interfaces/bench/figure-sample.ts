/** A figure that has everything a figure can have, for tests. */
import type { Figure } from './statistics.ts';

export const sample: Figure = {
  section: 'wake',
  name: 'first <request>',
  value: 240,
  unit: 'ms',
  spread: [220, 310],
  rounds: 5,
  beside: { name: 'bare', value: 120 },
  ratio: 2,
  ratioSpread: [1.9, 2.2],
  goal: { ratioAtMost: 1.5 },
  met: false,
};
