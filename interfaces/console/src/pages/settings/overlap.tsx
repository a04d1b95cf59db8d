import { Select } from '../../components/select.tsx';
import { keys as texts } from '../../texts/en/settings.ts';

/** Seconds for which what was before is still good, as a text. */
export type Overlap = keyof typeof texts.overlaps;
const OVERLAPS = Object.entries(texts.overlaps).map(([value, label]) => ({ value: value as Overlap, label }));
export const USUAL: Overlap = '86400';

interface OverlapSelectProps {
  readonly label: string;
  readonly value: Overlap;
  readonly onValueChange: (value: Overlap) => void;
}

export function OverlapSelect(props: OverlapSelectProps) {
  return <Select options={OVERLAPS} {...props} />;
}
