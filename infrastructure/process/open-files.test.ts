import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { mostOpenFiles } from './open-files.ts';

test('how many files a process may have open, as it was limited, where the system tells', async () => {
  const limited = spawn('/bin/sh', ['-c', 'ulimit -n 123; echo limited; exec sleep 60']);
  await once(limited.stdout, 'data');
  expect(await mostOpenFiles(limited.pid ?? 0)).toBe(process.platform === 'linux' ? 123 : undefined);
  limited.kill('SIGKILL');
  await once(limited, 'exit');
  expect(await mostOpenFiles(limited.pid ?? 0)).toBeUndefined();
});
