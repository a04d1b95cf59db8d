/** `--against`: the code of another commit in a folder of its own, with the bench of this one, so that both are measured alike. */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const BENCH = join('interfaces', 'bench');
const BUILD_CONSOLE = join('interfaces', 'console', 'build', 'build-console.ts');

export class OtherCommit {
  /** as short as git says it */
  readonly name: string;
  readonly root: string;
  readonly #folder: string;

  private constructor(name: string, folder: string) {
    this.name = name;
    this.#folder = folder;
    this.root = join(folder, 'tree');
  }

  /** @throws there is no such commit, its packages cannot be installed, or its console cannot be built */
  static async of(commit: string): Promise<OtherCommit> {
    const git = (...args: string[]) => run('git', args, { cwd: ROOT });
    const { stdout } = await git(
      'rev-parse',
      '--verify',
      '--short',
      '--end-of-options',
      `${commit}^{commit}`,
    );
    const folder = await mkdtemp(join(tmpdir(), 'launchdb-against-'));
    // system users enter it
    await chmod(folder, 0o755);
    const other = new OtherCommit(stdout.trim(), folder);
    try {
      await git('worktree', 'add', '--detach', other.root, other.name);
      await rm(join(other.root, BENCH), { recursive: true, force: true });
      await cp(join(ROOT, BENCH), join(other.root, BENCH), { recursive: true });
      await other.#packages();
      await run(process.execPath, [BUILD_CONSOLE], { cwd: other.root });
    } catch (error) {
      await other.close();
      throw error;
    }
    return other;
  }

  /** Ours, where they are the same. */
  async #packages(): Promise<void> {
    const [ours, theirs] = await Promise.all(
      [ROOT, this.root].map((root) => readFile(join(root, 'package-lock.json'), 'utf8')),
    );
    if (ours === theirs) await symlink(join(ROOT, 'node_modules'), join(this.root, 'node_modules'));
    else await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: this.root, maxBuffer: 64 * 1024 * 1024 });
  }

  async close(): Promise<void> {
    await run('git', ['worktree', 'remove', '--force', this.root], { cwd: ROOT }).catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
  }
}
