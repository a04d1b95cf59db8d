/** The console is built once for a whole run (vitest's global setup), as `npm start` does it. */
import { execFileSync } from 'node:child_process';
import { root } from './compose-file.ts';

export default function setup(): void {
  execFileSync(process.execPath, ['interfaces/console/build/build-console.ts', '--if-changed'], {
    cwd: root,
    stdio: 'inherit',
  });
}
