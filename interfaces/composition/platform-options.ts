import type { StepPoint } from '../../application/process-engine/process.ts';
import type { Log } from '../../application/ports/log.ts';
import type { MovePoint } from '../../infrastructure/postgres/move-platform-database.ts';
import type { MemoryRateLimitOptions } from '../../infrastructure/rate-limiter/memory-rate-limits.ts';
import type { Config } from '../config.ts';

export interface PlatformOptions {
  readonly config: Config;
  readonly searchPath: string;
  /** ends a start that is under way */
  readonly interrupted?: AbortSignal;
  readonly log: Log;
  /** a line for the person at the terminal */
  readonly tell: (line: string) => void;
  /** told where every turn is; crash tests end the process there */
  readonly observe?: (point: StepPoint) => void;
  /** told how far a move of the platform's database is; crash tests end the process there */
  readonly observeMove?: (point: MovePoint) => void;
  /** the folder of the project template's files; tests give another one, with more of them */
  readonly templateFolder?: string;
  readonly rateLimits?: MemoryRateLimitOptions;
}
