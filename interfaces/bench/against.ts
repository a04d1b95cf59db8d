/** What is compared with another commit: each of our ways with the same way there. */
import type { FigureSpec } from './section.ts';

export interface Compared {
  readonly way: string;
  /** the name of the other commit's way, beside ours */
  readonly label: string;
  readonly specs: readonly FigureSpec[];
}

/** @param commit its name */
export function againstOf(figures: readonly FigureSpec[], commit: string): readonly Compared[] {
  const ways = [...new Set(figures.map(({ of: [way] }) => way))];
  return ways.map((way) => {
    const label = `${way} of ${commit}`;
    const specs = onceEach(figures.filter(({ of }) => of[0] === way)).map((spec) => against(spec, label));
    return { way, label, specs };
  });
}

const against = ({ name, unit, of, quantile }: FigureSpec, label: string): FigureSpec => ({
  name: `against: ${name}`,
  unit,
  of,
  ...(quantile !== undefined && { quantile }),
  beside: [label, of[1]],
});

/** One that is beside several others is compared with itself once. */
const onceEach = (figures: readonly FigureSpec[]): readonly FigureSpec[] => [
  ...new Map(figures.map((spec) => [`${spec.of[1]} ${spec.quantile}`, spec])).values(),
];
