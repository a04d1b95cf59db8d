/** install.sh as a person runs it, in a folder of its own, up to where Docker would start something. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '../config.ts';
import { root } from './compose-file.ts';

const GOOD = ['--domain', 'db.example.com', '--email', 'me@example.com', '--yes', '--dry-run'];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launchdb-install-'));
  for (const name of ['install.sh', 'docker-compose.yml'])
    await copyFile(join(root, name), join(folder, name));
});
afterEach(() => rm(folder, { recursive: true }));

const install = (...args: string[]) =>
  new Promise<{ code: number; said: string }>((resolve) => {
    const options = { cwd: tmpdir(), env: { PATH: process.env['PATH'] } };
    const child = execFile('sh', [join(folder, 'install.sh'), ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr }),
    );
    child.stdin?.end();
  });
const file = (name: string) => readFile(join(folder, name), 'utf8');

/** Every file and folder that it made, with its mode and what is in it. */
async function made(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const info = await stat(join(folder, name));
    const mode = (info.mode & 0o7777).toString(8);
    found[name] = info.isDirectory() ? `${mode} ${info.uid}/` : `${mode} ${info.uid} ${await file(name)}`;
  }
  return found;
}

test('secrets are strong, nobody else’s to read, and stay as they are', async () => {
  const first = await install(...GOOD);
  expect(first).toMatchObject({ code: 0, said: expect.stringContaining('nothing was started') as string });
  const before = await made();
  const own = process.getuid?.() === 0 ? 10_001 : process.getuid?.();
  const modes = Object.entries(before).filter(
    ([name]) => !['install.sh', 'docker-compose.yml'].includes(name),
  );
  for (const [name, what] of modes) {
    const mode = what.endsWith('/') ? '700' : '600';
    expect([name, what.split(/[ /]/).slice(0, 2)]).toEqual([name, [mode, String(own)]]);
  }
  expect(modes.map(([name]) => name)).toEqual(
    expect.arrayContaining(['.env', 'secrets/master-key', 'secrets/database-url', 'state/postgres', 'certs']),
  );
  const again = await install(
    '--domain',
    'other.example.com',
    '--email',
    'me@example.com',
    '--yes',
    '--dry-run',
  );
  expect(again.code).toBe(0);
  expect(again.said).not.toContain('wrote');
  expect(await made()).toEqual(before);

  // and they are what the platform takes
  const config = readConfig({
    LAUNCHDB_ROLES: 'platform',
    LAUNCHDB_MASTER_KEY_FILE: join(folder, 'secrets', 'master-key'),
    DATABASE_URL_FILE: join(folder, 'secrets', 'database-url'),
    PLATFORM_DATABASE_URL_FILE: join(folder, 'secrets', 'platform-database-url'),
    INTERNAL_API_KEY_FILE: join(folder, 'secrets', 'internal-api-key'),
    EVENT_STORE_URL_FILE: join(folder, 'secrets', 'event-store-url'),
  });
  const password = await file('secrets/postgres-password');
  expect(password).toMatch(/^[0-9a-f]{64}$/);
  expect(config.DATABASE_URL).toBe(`postgres://postgres:${password}@postgres:5432/postgres`);
  const platformPassword = await file('secrets/platform-postgres-password');
  expect(config.PLATFORM_DATABASE_URL).toBe(
    `postgres://postgres:${platformPassword}@platform-postgres:5432/postgres`,
  );
  const secrets = [config.LAUNCHDB_MASTER_KEY, config.INTERNAL_API_KEY?.[0], password, platformPassword];
  expect(new Set(secrets).size).toBe(4);
  const environment = await file('.env');
  expect(environment).toContain('LAUNCHDB_DOMAIN=db.example.com\n');
  expect(environment).toContain('LAUNCHDB_TLS=me@example.com\n');
  expect(environment).toContain('SIGNUP=invite\n');
  for (const limit of ['PROJECT_DATABASE_SIZE_MB', 'STORAGE_PROJECT_SIZE_MB'])
    expect(environment).toMatch(new RegExp(`^${limit}=[1-9]\\d+$`, 'm'));
  for (const secret of secrets) expect(environment).not.toContain(secret);
});

test('a part that is missing is made again, the others are kept', async () => {
  await install(...GOOD);
  const before = await made();
  await rm(join(folder, 'secrets', 'internal-api-key'));
  const again = await install('--yes', '--dry-run');
  expect(again).toMatchObject({
    code: 0,
    said: expect.stringContaining('wrote secrets/internal-api-key') as string,
  });
  const after = await made();
  expect(after['secrets/internal-api-key']).not.toBe(before['secrets/internal-api-key']);
  expect(after['secrets/master-key']).toBe(before['secrets/master-key']);
});

test('an installation of a release before keeps the platform where it is, and is told how to move it', async () => {
  await install(...GOOD);
  await writeFile(join(folder, 'state', 'postgres', 'PG_VERSION'), '17');
  await rm(join(folder, 'secrets', 'platform-database-url'));
  const again = await install('--yes', '--dry-run');
  expect(again).toMatchObject({ code: 0, said: expect.stringContaining('To move it') as string });
  expect(await file('secrets/platform-database-url')).toBe(await file('secrets/database-url'));
  // but never one whose platform has a server of its own
  await writeFile(join(folder, 'state', 'platform-postgres', 'PG_VERSION'), '17');
  await rm(join(folder, 'secrets', 'platform-database-url'));
  expect((await install('--yes', '--dry-run')).said).toContain('put it back');
});

test('data whose key is gone is not given another one', async () => {
  await install(...GOOD);
  await writeFile(join(folder, 'state', 'postgres', 'PG_VERSION'), '17');
  await rm(join(folder, 'secrets', 'master-key'));
  const again = await install('--yes', '--dry-run');
  expect([again.code, again.said]).toEqual([1, expect.stringContaining('put it back')]);
  expect(await readdir(join(folder, 'secrets'))).not.toContain('master-key');
});

test.each([
  [['--yes'], '--domain'],
  [['--yes', '--domain', 'db.example.com'], '--email'],
  [['--yes', '--domain', 'bad_name', '--email', 'me@example.com'], '--domain'],
  [['--yes', '--domain', 'a.example\nEVIL=1', '--email', 'me@example.com'], '--domain'],
  [['--yes', '--domain', 'a.example', '--email', 'me@example.com\nEVIL=1'], '--email'],
  [['--yes', '--domain', 'a.example', '--email', '$(touch x)@example.com'], '--email'],
  [['--domain'], 'needs a value'],
  [['--frobnicate'], 'unknown option'],
])('%j is refused with what to do, and nothing is written', async (args, says) => {
  const { code, said } = await install(...args, '--dry-run');
  expect([code, said]).toEqual([1, expect.stringContaining(says)]);
  expect(Object.keys(await made())).toEqual(['docker-compose.yml', 'install.sh']);
});

test('a .env of somebody else is left alone', async () => {
  await writeFile(join(folder, '.env'), 'MINE=1\n');
  await mkdir(join(folder, 'state'));
  const { code, said } = await install(...GOOD);
  expect([code, said]).toEqual([1, expect.stringContaining('not of this script')]);
  expect(await file('.env')).toBe('MINE=1\n');
});

test('--help says what it takes', async () => {
  expect(await install('--help')).toMatchObject({
    code: 0,
    said: expect.stringContaining('--internal-tls') as string,
  });
});
