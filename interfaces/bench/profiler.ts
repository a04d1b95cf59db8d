/** `--profile`: profiles of the platforms' processes while a group goes its rounds, or of this one where there is no platform. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { beginProfile, type CpuProfile } from './cpu-profile.ts';
import { summaryOf, summaryText } from './profile-summary.ts';
import { RESULTS } from './results.ts';

const ROOT = `${join(import.meta.dirname, '..', '..')}/`;
const HOOK = pathToFileURL(join(import.meta.dirname, 'profile-hook.ts')).href;
const WRITTEN_WITHIN_MS = 30_000;
/** of several processes those that did most are shown */
const SHOWN = 3;

export class Profiler {
  readonly #folder: string;
  #endOwn: (() => CpuProfile) | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(): Promise<Profiler> {
    return new Profiler(await mkdtemp(join(tmpdir(), 'launchdb-profiles-')));
  }

  /** of every platform */
  get environment(): Record<string, string> {
    return { NODE_OPTIONS: `--import=${HOOK}`, BENCH_PROFILES: this.#folder };
  }

  /** @param pids of the platforms that run; none: this process is what is profiled */
  async begin(pids: readonly number[]): Promise<void> {
    if (pids.length === 0) {
      this.#endOwn = beginProfile();
      return;
    }
    await writeFile(join(this.#folder, 'on'), '');
    for (const pid of pids) process.kill(pid, 'SIGUSR2');
  }

  /** @param pids those that run now @param name of the files that are kept @returns what to say */
  async end(pids: readonly number[], name: string): Promise<string> {
    const taken = this.#endOwn
      ? new Map([['the bench itself', this.#endOwn()]])
      : await this.#collected(pids);
    this.#endOwn = undefined;
    const folder = join(RESULTS, 'profiles');
    await mkdir(folder, { recursive: true });
    const texts: { readonly busy: number; readonly text: string }[] = [];
    for (const [who, profile] of taken) {
      const file = `${name} ${who}`.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase();
      await writeFile(join(folder, `${file}.cpuprofile`), JSON.stringify(profile));
      const summary = summaryOf(profile, ROOT);
      const busy = summary.functions.reduce((sum, { ms }) => sum + ms, 0);
      texts.push({ busy, text: summaryText(who, summary) });
    }
    const shown = texts.toSorted((a, b) => b.busy - a.busy).slice(0, SHOWN);
    return shown.map(({ text }) => text).join('\n');
  }

  async #collected(pids: readonly number[]): Promise<Map<string, CpuProfile>> {
    await rm(join(this.#folder, 'on'), { force: true });
    for (const pid of pids) process.kill(pid, 'SIGUSR2');
    const deadline = performance.now() + WRITTEN_WITHIN_MS;
    for (;;) {
      const files = (await readdir(this.#folder)).filter((name) => name.endsWith('.cpuprofile'));
      if (pids.every((pid) => files.some((name) => name.endsWith(`-${pid}.cpuprofile`)))) break;
      if (performance.now() > deadline)
        throw new Error('a process of the platform does not write its profile');
      await sleep(50);
    }
    const taken = new Map<string, CpuProfile>();
    for (const file of await readdir(this.#folder)) {
      const path = join(this.#folder, file);
      if (file.endsWith('.cpuprofile'))
        taken.set(file.replace('.cpuprofile', ''), JSON.parse(await readFile(path, 'utf8')) as CpuProfile);
      await rm(path);
    }
    return taken;
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
