/**
 * What the Dockerfile puts into the image, put together here without Docker: the files that .dockerignore lets through
 * and the packages of `npm ci --omit=dev` less those that are taken out. The platform starts from that and says so.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, matchesGlob } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holesOf } from '../../domain/platform/known-holes.ts';
import { root } from './compose-file.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;

let image: string;
let dockerfile: string;

const lines = async (name: string) =>
  (await readFile(join(root, name), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

/** The patterns that we use: `*`, `!name`, `**` and plain paths; the last one that fits decides. */
async function sentFiles(): Promise<string[]> {
  const patterns = await lines('.dockerignore');
  const isSent = (name: string) => {
    let sent = true;
    for (const pattern of patterns) {
      const [bare, verdict] = pattern.startsWith('!') ? [pattern.slice(1), true] : [pattern, false];
      const above = name.split('/').map((_, at, all) => all.slice(0, at + 1).join('/'));
      if (bare === '*' || above.some((one) => matchesGlob(one, bare))) sent = verdict;
    }
    return sent;
  };
  const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  return stdout.split('\n').filter((name) => name !== '' && isSent(name));
}

async function packages(): Promise<string[]> {
  const removed = [...dockerfile.matchAll(/node_modules\/[^\s&]+/g)].map(([path]) => path);
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path]) => path)
    .filter((path) => !removed.some((gone) => path === gone || path.startsWith(`${gone}/`)));
}

beforeAll(async () => {
  dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8');
  image = await mkdtemp(join(tmpdir(), 'launchdb-image-'));
  for (const name of await sentFiles()) await cp(join(root, name), join(image, name));
  const top = (await packages()).filter((path) => path.lastIndexOf('node_modules/') === 0);
  for (const path of top) {
    await mkdir(dirname(join(image, path)), { recursive: true });
    // of another kind of machine
    await symlink(join(root, path), join(image, path)).catch(() => {});
  }
});
afterAll(() => rm(image, { recursive: true }));

async function start(variables: Record<string, string>, entry = 'interfaces/main.ts', ...args: string[]) {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: image,
    env: { LAUNCHDB_DATA_DIR: join(image, 'data'), ...variables },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (said += text.toString()));
  await once(child, 'close');
  return { code: child.exitCode, said };
}

test('the platform and the operator’s command start from it', async () => {
  const platform = await start({ LAUNCHDB_ROLES: 'worker' });
  expect(platform).toMatchObject({
    code: 1,
    said: expect.stringContaining('DATABASE_URL: is needed') as string,
  });
  const command = await start({}, 'interfaces/cli/launchdb.ts', '--help');
  expect(command.said).toContain('verify');
});

test('no tests, no development packages, nothing of the one who builds it', async () => {
  const names = await sentFiles();
  expect(names).toEqual(
    expect.arrayContaining([
      'package.json',
      'interfaces/main.ts',
      'infrastructure/sql/platform/0001_log.sql',
    ]),
  );
  expect(
    names.filter((name) => /test|acceptance|bench|golden|^\.env|^secrets|\.git|\.md$/.test(name)),
  ).toEqual([]);
  expect(await packages()).not.toContain('node_modules/vitest');
  const sizes = await Promise.all(names.map(async (name) => (await readFile(join(root, name))).length));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(6 * MIB);
});

test('is one image without root, without a shell in between, with a health check', async () => {
  const stages = dockerfile.split(/^FROM /m).slice(1);
  // packages, the console, and what runs
  expect(stages).toHaveLength(3);
  const last = stages[2] ?? '';
  const node = /^ARG NODE_IMAGE=node:(\S+?)-/m.exec(dockerfile)?.[1] ?? '';
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    dependencies: { node: string };
  };
  // the image may be ahead of the npm package, which has no release with the fixes yet
  expect(node.split('.')[0]).toBe(dependencies.node.split('.')[0]);
  expect(holesOf('Node.js', node)).toEqual([]);
  expect(last).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
  expect(last).toMatch(/^ENTRYPOINT \["node", "--max-semi-space-size=8", "interfaces\/main\.ts"\]$/m);
  expect(last).toMatch(/^HEALTHCHECK /m);
  expect(last).not.toMatch(/^(RUN|ADD|ARG) /m);
});
