/**
 * What files cost: downloads and uploads beside nginx, in turn, both asked by the same client; what the service holds while many
 * move large ones; lists of a folder; signed links. The storage service is a process of its own.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { projectId, type ProjectId } from '../../domain/project/project-id.ts';
import { testFolder } from '../../infrastructure/testing/folder.ts';
import { PlatformUnderTest, SEPARATE } from '../acceptance/platform-under-test.ts';
import { median, quantile, type Figure, type Section } from './figures.ts';
import { answerOf, keepAsking } from './keep-asking.ts';
import { nginxBeside, type NginxBeside } from './nginx-beside.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const ROUNDS = 5;
/** what a client asks for one after the other, by how large it is, in MiB */
const REPEATS: Readonly<Record<number, number>> = { 1: 200, 100: 5 };
const SIZES = [1, 100];
const CLIENTS = 4;
const MOVING = 32;
const MANY = 100_000;
const CONNECTIONS = 8;
const SECONDS = 5;
const QUIET_MS = 5_000;

export const storageFigures: Section = {
  name: 'storage',
  summary: `files of ${SIZES.join(' and ')} MiB by ${CLIENTS} clients (curl) beside nginx, ${ROUNDS} rounds in turn; memory under ${MOVING} clients; lists of ${MANY} objects; signed links; the storage service as a process of its own`,
  async run(): Promise<readonly Figure[]> {
    // so that what it holds can be told from what the others do
    process.env['ACCEPTANCE_SHAPE'] = 'separate';
    const folder = await testFolder();
    const platform = await PlatformUnderTest.create({ LOG_LEVEL: 'warn', STORAGE_PROJECT_SIZE_MB: '100000' });
    const stops: (() => unknown)[] = [() => folder.remove(), () => platform.close()];
    try {
      await platform.start();
      const nginx = await nginxBeside(folder.path);
      stops.push(() => nginx.stop());
      const files = await Files.make(platform, folder.path);
      return [
        ...(await moved('download', files, nginx)),
        ...(await moved('upload', files, nginx)),
        await memory(files),
        ...(await listed(files)),
        await signed(files),
      ];
    } finally {
      for (const stop of stops.toReversed()) await stop();
    }
  },
};

type Direction = 'download' | 'upload';

/** A project with a bucket, and files of each size in it, in nginx's folder and at hand. */
class Files {
  readonly platform: PlatformUnderTest;
  readonly project: ProjectId;
  readonly folder: string;
  readonly #key: string;

  private constructor(platform: PlatformUnderTest, project: ProjectId, folder: string, key: string) {
    this.platform = platform;
    this.project = project;
    this.folder = folder;
    this.#key = key;
  }

  static async make(platform: PlatformUnderTest, folder: string): Promise<Files> {
    const token = await platform.owner('bench');
    const { body } = await platform.call<{ id: string }>('POST', '/api/projects', {
      token,
      body: { name: 'bench' },
    });
    const keys = await platform.call<{ service_role_key: string }>('GET', `/api/projects/${body.id}/keys`, {
      token,
    });
    const files = new Files(platform, projectId(body.id), folder, keys.body.service_role_key);
    await files.ask('POST', '/bucket', { id: 'bench', name: 'bench', public: false });
    for (const size of SIZES) {
      await writeFile(files.local(size), randomBytes(size * MIB));
      await files.curl('upload', size, files.url(`/object/bench/${size}`), 1);
    }
    return files;
  }

  local(size: number): string {
    return join(this.folder, 'files', String(size));
  }

  /** at the service itself, without the gateway */
  url(path: string): string {
    return `http://127.0.0.1:${this.platform.environment['STORAGE_PORT']}/project/${this.project}/storage/v1${path}`;
  }

  ask<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const headers = { authorization: `Bearer ${this.#key}` };
    return answerOf<T>(this.url(path), { method, headers, body });
  }

  /** So many times, one after the other on one connection. @throws one was not answered as it should be */
  async curl(direction: Direction, size: number, url: string, times: number): Promise<void> {
    const each = ['-o', '/dev/null', ...(direction === 'upload' ? ['-T', this.local(size)] : []), url];
    const type = direction === 'upload' ? ['-H', 'content-type: application/octet-stream'] : [];
    // it would ask first whether it may send, which takes a second where nobody answers that
    const headers = ['-H', `authorization: Bearer ${this.#key}`, '-H', 'expect:', ...type];
    await run('curl', [
      '-sS',
      '--fail',
      '-g',
      ...headers,
      ...Array.from({ length: times }, () => each).flat(),
    ]);
  }

  /** What the service's process holds, in MiB (Linux). */
  async residentMib(): Promise<number> {
    const status = await readFile(`/proc/${this.platform.pids[SEPARATE.indexOf('storage')]}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  }
}

/** In MiB a second. */
async function moved(direction: Direction, files: Files, nginx: NginxBeside): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const size of SIZES) {
    const times = REPEATS[size] ?? 1;
    const rate = async (url: (client: number) => string) => {
      const from = performance.now();
      const clients = Array.from({ length: CLIENTS }, (_, client) => client);
      await Promise.all(clients.map((client) => files.curl(direction, size, url(client), times)));
      return (CLIENTS * times * size) / ((performance.now() - from) / 1_000);
    };
    const isDown = direction === 'download';
    const ours = (client: number) => files.url(`/object/bench/${isDown ? size : `up-${size}-${client}`}`);
    const theirs = (client: number) => (isDown ? nginx.download(String(size)) : `${nginx.upload}${client}`);
    await rate(ours);
    await rate(theirs);
    const rounds: { readonly ours: number; readonly theirs: number }[] = [];
    for (let round = 0; round < ROUNDS; round++)
      rounds.push({ theirs: await rate(theirs), ours: await rate(ours) });
    const [mine, beside] = [rounds.map((round) => round.ours), rounds.map((round) => round.theirs)];
    figures.push(
      { what: `${direction} of ${size} MiB`, values: mine, unit: 'MiB/s' },
      { what: `${direction} of ${size} MiB, nginx`, values: beside, unit: 'MiB/s' },
      {
        what: `${direction} of ${size} MiB, of nginx`,
        values: rounds.map((round) => round.ours / round.theirs),
        unit: `of the same round's, medians ${(median(mine) / median(beside)).toFixed(2)}`,
        target: 'at least 0.6',
      },
    );
  }
  return figures;
}

/** Half of them send, half of them fetch. */
async function memory(files: Files): Promise<Figure> {
  await sleep(QUIET_MS);
  const idle = await files.residentMib();
  let most = idle;
  const watching = setInterval(() => {
    void files.residentMib().then((now) => (most = Math.max(most, now)));
  }, 50);
  await Promise.all(
    Array.from({ length: MOVING }, (_, client) =>
      client % 2 === 0
        ? files.curl('download', 100, files.url('/object/bench/100'), 3)
        : files.curl('upload', 100, files.url(`/object/bench/moving-${client}`), 3),
    ),
  );
  clearInterval(watching);
  return {
    what: `held above ${Math.round(idle)} MiB while ${MOVING} clients move 100 MiB each`,
    values: [most - idle],
    unit: 'MiB',
    target: 'at most 64',
  };
}

async function listed(files: Files): Promise<readonly Figure[]> {
  await files.platform.sql(
    `INSERT INTO storage.objects (bucket_id, name, version, metadata)
     SELECT 'bench', 'many/' || (n % 1000) || '/' || n, gen_random_uuid(), '{"size": 1}' FROM generate_series(1, $1::int) n`,
    [MANY],
    files.project,
  );
  await files.platform.sql('ANALYZE storage.objects', [], files.project);
  const ask = () => files.ask('POST', '/object/list/bench', { prefix: 'many/7', limit: 100 });
  const connections = Array.from({ length: CONNECTIONS });
  await keepAsking(connections, 2, ask);
  const { times } = await keepAsking(connections, SECONDS, ask);
  return [
    { what: `list of a folder in a bucket of ${MANY}, p50`, values: [median(times)], unit: 'ms' },
    {
      what: `list of a folder in a bucket of ${MANY}, p99`,
      values: [quantile(times, 0.99)],
      unit: 'ms',
      target: 'at most 50',
    },
  ];
}

/** In batches, as apps ask for those of a page. */
async function signed(files: Files): Promise<Figure> {
  const paths = Array.from({ length: 100 }, (_, index) => `many/7/${index * 1000 + 7}`);
  const ask = () => files.ask('POST', '/object/sign/bench', { expiresIn: 60, paths });
  const connections = Array.from({ length: CONNECTIONS });
  await keepAsking(connections, 2, ask);
  const { perSecond } = await keepAsking(connections, SECONDS, ask);
  return {
    what: `signed links, ${paths.length} in a request`,
    values: [perSecond * paths.length],
    unit: '/s',
    target: 'at least 2000 on one core',
  };
}
