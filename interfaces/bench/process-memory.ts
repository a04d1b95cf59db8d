/** What processes hold, in MiB, as Linux counts it. */
import { readFile } from 'node:fs/promises';

const PER_KB = 1 / 1024;

/** All that is in memory of it. */
export async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * PER_KB;
}

/** Their own memory and their share of what they have in common with others, together. */
export async function proportionalMib(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/smaps_rollup`, 'utf8')));
  return each.reduce((sum, text) => sum + Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * PER_KB, 0);
}

const LOOK_EVERY_MS = 50;

/** @returns what it held before the work, and how much more it held at most during it */
export async function grownDuring(
  pid: number,
  work: () => Promise<unknown>,
): Promise<{ readonly before: number; readonly grown: number }> {
  const before = await residentMib(pid);
  let most = before;
  const look = async () => (most = Math.max(most, await residentMib(pid)));
  const looking = setInterval(() => void look(), LOOK_EVERY_MS);
  try {
    await work();
    await look();
  } finally {
    clearInterval(looking);
  }
  return { before, grown: most - before };
}
