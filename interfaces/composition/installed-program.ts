import type { Part as Program } from '../../domain/platform/known-holes.ts';

export interface InstalledProgram {
  readonly name: string;
  /** by which known holes are looked up; undefined: none is kept for it */
  readonly program: Program | undefined;
  readonly version: string;
  readonly where: string;
}
