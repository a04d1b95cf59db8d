/**
 * Loaded into the platform's processes by `--profile` (NODE_OPTIONS). SIGUSR2 begins a profile, and the next one ends it; a
 * process that is started meanwhile begins at once, and one that ends writes what it has.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { beginProfile, type CpuProfile } from './cpu-profile.ts';

const folder = process.env['BENCH_PROFILES'];
const who = process.env['LAUNCHDB_ROLES'] ?? 'platform';
let end: (() => CpuProfile) | undefined;

if (folder !== undefined && isMainThread) {
  const write = () => {
    if (!end) return;
    const name = join(folder, `${who}-${process.pid}.cpuprofile`);
    writeFileSync(`${name}.draft`, JSON.stringify(end()));
    end = undefined;
    renameSync(`${name}.draft`, name);
  };
  if (existsSync(join(folder, 'on'))) end = beginProfile();
  process.on('SIGUSR2', () => {
    if (end) write();
    else end = beginProfile();
  });
  process.once('exit', write);
}
