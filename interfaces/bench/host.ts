/** Where sections run: in this process, or (for `--against`) in one of another commit's code. */
import type { FigureSpec, Measures } from './section.ts';

export interface Prepared {
  readonly ways: readonly string[];
  readonly figures: readonly FigureSpec[];
  readonly rounds: number;
  readonly warmUp: boolean;
}

export interface Host {
  prepare(section: string, group: string): Promise<Prepared>;
  run(way: string): Promise<Measures>;
  leaveGroup(): Promise<void>;
  leaveSection(): Promise<void>;
  close(): Promise<void>;
}
