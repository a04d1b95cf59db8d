/** The platform with a process for each role: what one of them holds can be told from what the others do. */
import { type PlatformUnderTest, SEPARATE } from '../acceptance/platform-under-test.ts';
import type { Context } from './section.ts';

const SHAPE = 'ACCEPTANCE_SHAPE';

export type SeparateRole = (typeof SEPARATE)[number];

export async function separatePlatform(
  context: Context,
  variables: Readonly<Record<string, string>>,
): Promise<PlatformUnderTest> {
  // a start more than there is time for: what one of them holds is no quick figure
  if (context.quick) return context.platform();
  const before = process.env[SHAPE];
  // it is asked for when one is made
  process.env[SHAPE] = 'separate';
  try {
    return await context.platform(variables);
  } finally {
    if (before === undefined) delete process.env[SHAPE];
    else process.env[SHAPE] = before;
  }
}

export const pidOf = (platform: PlatformUnderTest, role: SeparateRole): number =>
  platform.pids[SEPARATE.indexOf(role)] ?? 0;
