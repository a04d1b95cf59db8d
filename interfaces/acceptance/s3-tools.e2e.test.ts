/** The S3 protocol by the tools that people have: Debian's AWS CLI and rclone, through the gateway, against a whole platform. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AWS_CLI, RCLONE } from '../../infrastructure/process/system-programs.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
/** each of them takes a busy machine seconds to begin */
const WITHIN_MS = 400_000;
const ALL_WITHIN_MS = 1_800_000;
/** what both take for a file to send in parts: of 5 MiB each */
const LARGE = randomBytes(13 * MIB + 1);
const FILES: Readonly<Record<string, Buffer>> = {
  'large.bin': LARGE,
  'a folder/b (1) & c+d.txt': Buffer.from('hello'),
  'a folder/empty': Buffer.alloc(0),
};

let platform: PlatformUnderTest;
let folder: string;
let aws: (...args: string[]) => Promise<string>;
let rclone: (...args: string[]) => Promise<string>;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  const token = await platform.owner('tools');
  const project = { token, body: { name: 'tools' } };
  const { id } = (await platform.call<{ id: string }>('POST', '/api/projects', project)).body;
  const path = `/api/projects/${id}/storage/s3-keys`;
  const { body: key } = await platform.call<{ id: string; secret: string }>('POST', path, project);
  folder = join(platform.folder, 'tools');
  const endpoint = `${platform.url}/project/${id}/storage/v1/s3`;
  aws = await awsBy(endpoint, key);
  rclone = await rcloneBy(endpoint, key);
  for (const [name, bytes] of Object.entries(FILES)) await write(join('from', name), bytes);
});
afterAll(() => platform.close());

interface Key {
  readonly id: string;
  readonly secret: string;
}

/** @returns what it prints @throws what it prints as an error */
async function tool(
  find: Promise<string | undefined>,
  before: readonly string[],
  env: Readonly<Record<string, string>>,
) {
  const program = await find;
  if (program === undefined) throw new Error('a tool is missing; "npm run test:full" installs it');
  const options = { cwd: folder, timeout: WITHIN_MS, env: { PATH: '/usr/bin:/bin', HOME: folder, ...env } };
  return async (...args: string[]) => (await run(program, [...before, ...args], options)).stdout.trim();
}

async function awsBy(endpoint: string, { id, secret }: Key) {
  const settings =
    '[default]\ns3 =\n  addressing_style = path\n  multipart_threshold = 5MB\n  multipart_chunksize = 5MB\n';
  await write('aws-config', Buffer.from(settings));
  return tool(AWS_CLI.find(''), ['--endpoint-url', endpoint, 's3'], {
    AWS_CONFIG_FILE: join(folder, 'aws-config'),
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_DEFAULT_REGION: 'local',
    AWS_MAX_ATTEMPTS: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
}

async function rcloneBy(endpoint: string, { id, secret }: Key) {
  const settings = { type: 's3', provider: 'Other', endpoint, region: 'local', env_auth: 'false' };
  const all = {
    ...settings,
    access_key_id: id,
    secret_access_key: secret,
    chunk_size: '5M',
    upload_cutoff: '5M',
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`);
  await write('rclone.conf', Buffer.from(`[ours]\n${lines.join('')}`));
  return tool(RCLONE.find(''), ['--config', join(folder, 'rclone.conf'), '--retries', '1'], {});
}

async function write(name: string, bytes: Buffer): Promise<void> {
  await mkdir(join(folder, name, '..'), { recursive: true });
  await writeFile(join(folder, name), bytes);
}

async function expectFiles(where: string): Promise<void> {
  for (const [name, bytes] of Object.entries(FILES)) {
    const got = await readFile(join(folder, where, name));
    expect([name, got.equals(bytes)]).toEqual([name, true]);
  }
}

const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    ({ stderr }: { stderr: string }) => stderr,
  );

test(
  'the AWS CLI',
  async () => {
    await aws('mb', 's3://by-aws');
    await aws('cp', 'from/large.bin', 's3://by-aws/one/large.bin');
    expect(await aws('ls', 's3://by-aws/one/')).toMatch(new RegExp(` ${LARGE.length} large.bin$`));
    await aws('cp', 's3://by-aws/one/large.bin', 'back.bin');
    expect((await readFile(join(folder, 'back.bin'))).equals(LARGE)).toBe(true);
    await aws('mv', 's3://by-aws/one/large.bin', 's3://by-aws/two/large.bin');
    expect((await aws('ls', '--recursive', 's3://by-aws')).split('\n')).toEqual([
      expect.stringMatching(/ two\/large.bin$/),
    ]);
    expect(await failure(aws('rb', 's3://by-aws'))).toContain('BucketNotEmpty');
    await aws('rm', 's3://by-aws/two/large.bin');

    expect((await aws('sync', 'from', 's3://by-aws/f')).match(/upload:/g)).toHaveLength(3);
    expect(await aws('sync', 'from', 's3://by-aws/f')).toBe('');
    await aws('sync', 's3://by-aws/f', 'aws-back');
    await expectFiles('aws-back');
    await write('aws-back/new', Buffer.from('new'));
    await rm(join(folder, 'aws-back/large.bin'));
    const changes = await aws('sync', '--delete', 'aws-back', 's3://by-aws/f');
    expect(changes).toMatch(/upload: \S*new to/);
    expect(changes).toContain('delete: s3://by-aws/f/large.bin');
    await aws('rm', '--recursive', 's3://by-aws');
    await aws('rb', 's3://by-aws');
    expect(await failure(aws('ls', 's3://by-aws'))).toContain('NoSuchBucket');
  },
  ALL_WITHIN_MS,
);

test(
  'rclone',
  async () => {
    await rclone('copy', 'from', 'ours:by-rclone/f');
    const listed = (await rclone('ls', 'ours:by-rclone')).split('\n').map((line) => line.trim());
    expect(listed.sort()).toEqual(
      Object.entries(FILES)
        .map(([name, { length }]) => `${length} f/${name}`)
        .sort(),
    );
    // by checksums, and byte by byte
    await rclone('check', 'from', 'ours:by-rclone/f');
    await rclone('check', '--download', 'from', 'ours:by-rclone/f');
    await write('from/a folder/empty', Buffer.from('not any more'));
    expect(await failure(rclone('check', 'from', 'ours:by-rclone/f'))).toContain('1 differences found');
    await write('from/a folder/empty', Buffer.alloc(0));
    await rclone('copy', 'ours:by-rclone/f', 'rclone-back');
    await expectFiles('rclone-back');
    expect(await rclone('lsd', 'ours:by-rclone/f')).toMatch(/ a folder$/);
    await rclone('purge', 'ours:by-rclone');
    expect(await failure(rclone('ls', 'ours:by-rclone'))).toContain('not found');
  },
  ALL_WITHIN_MS,
);
