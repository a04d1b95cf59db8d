import { readFile } from 'node:fs/promises';

/** How many files a process may have open, connections among them. @returns undefined: nobody can tell, or no bound */
export async function mostOpenFiles(pid: number): Promise<number | undefined> {
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '');
  const [, most] = /^Max open files +(\d+) /m.exec(limits) ?? [];
  return most === undefined ? undefined : Number(most);
}
