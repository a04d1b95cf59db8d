/**
 * What files cost: downloads and uploads beside nginx, both asked by the same client; what the service holds while many move
 * large ones; lists of a folder; signed links. The storage service is a process of its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { testFolder } from '../../../infrastructure/testing/folder.ts';
import { BenchFiles, type Direction } from '../bench-files.ts';
import { keepAsking } from '../keep-asking.ts';
import { grownDuring } from '../process-memory.ts';
import { nginxBeside } from '../nginx-beside.ts';
import type { Context, Group, GroupPlan, Section } from '../section.ts';
import { pidOf, separatePlatform } from '../separate-platform.ts';

/** what a client asks for one after the other, by how large it is, in MiB */
const REPEATS = { 1: 200, 100: 5 } as const;
const QUICK_REPEATS = { 1: 20, 100: 1 } as const;
type Size = keyof typeof REPEATS;
const SIZES: readonly Size[] = [1, 100];
const CLIENTS = 4;
const MOVING = 32;
const MANY = 100_000;
const CONNECTIONS = 8;
const QUIET_MS = 5_000;
const NGINX = 'nginx';

export const section: Section = {
  name: 'storage',
  summary: `files of ${SIZES.join(' and ')} MiB by ${CLIENTS} clients (curl), beside nginx; memory under ${MOVING} clients; lists of ${MANY} objects; signed links`,
  groups: [
    ...SIZES.map((size) => plan('download', size)),
    ...SIZES.map((size) => plan('upload', size)),
    { name: 'lists and links', prepare: lists },
    { name: 'memory', prepare: memory },
  ],
};

const made = (context: Context) =>
  context.share('storage', async () => {
    const folder = await testFolder();
    const platform = await separatePlatform(context, { STORAGE_PROJECT_SIZE_MB: '100000' });
    const nginx = await nginxBeside(folder.path);
    const files = await BenchFiles.make(platform, folder.path, context.quick ? [1] : SIZES);
    return {
      files,
      nginx,
      async close() {
        await nginx.stop();
        await folder.remove();
      },
    };
  });

function plan(direction: Direction, size: Size): GroupPlan {
  return {
    name: `${direction} of ${size} MiB`,
    main: direction === 'download' && size === 1,
    prepare: (context) => moved(context, direction, size),
  };
}

/** In MiB a second. */
async function moved(context: Context, direction: Direction, size: Size): Promise<Group> {
  const { files, nginx } = await made(context);
  const times = (context.quick ? QUICK_REPEATS : REPEATS)[size];
  const rate = async (url: (client: number) => string) => {
    const from = performance.now();
    const clients = Array.from({ length: CLIENTS }, (_, client) => client);
    await Promise.all(clients.map((client) => files.curl(direction, size, url(client), times)));
    return { rate: (CLIENTS * times * size) / ((performance.now() - from) / 1_000) };
  };
  const isDown = direction === 'download';
  return {
    ways: {
      ours: () => rate((client) => files.url(`/object/bench/${isDown ? size : `up-${size}-${client}`}`)),
      [NGINX]: () => rate((client) => (isDown ? nginx.download(String(size)) : `${nginx.upload}${client}`)),
    },
    figures: [
      {
        name: `${direction} of ${size} MiB, of nginx`,
        unit: 'MiB/s',
        of: ['ours', 'rate'],
        beside: [NGINX, 'rate'],
        goal: { ratioAtLeast: 0.6 },
      },
    ],
  };
}

/** Half of them send, half of them fetch. */
async function memory(context: Context): Promise<Group> {
  const { files } = await made(context);
  const move = async () => {
    await sleep(QUIET_MS);
    return grownDuring(pidOf(files.platform, 'storage'), () =>
      Promise.all(
        Array.from({ length: MOVING }, (_, client) =>
          client % 2 === 0
            ? files.curl('download', 100, files.url('/object/bench/100'), 3)
            : files.curl('upload', 100, files.url(`/object/bench/moving-${client}`), 3),
        ),
      ),
    );
  };
  return {
    rounds: 1,
    warmUp: false,
    ways: { move },
    figures: [
      {
        name: `held more while ${MOVING} clients move 100 MiB each`,
        unit: 'MiB',
        of: ['move', 'grown'],
        goal: { valueAtMost: 64 },
      },
      { name: 'held before that', unit: 'MiB', of: ['move', 'before'] },
    ],
  };
}

async function lists(context: Context): Promise<Group> {
  const { files } = await made(context);
  await files.platform.sql(
    `INSERT INTO storage.objects (bucket_id, name, version, metadata)
     SELECT 'bench', 'many/' || (n % 1000) || '/' || n, gen_random_uuid(), '{"size": 1}' FROM generate_series(1, $1::int) n`,
    [MANY],
    files.project,
  );
  await files.platform.sql('ANALYZE storage.objects', [], files.project);
  // in batches, as apps ask for those of a page
  const paths = Array.from({ length: 100 }, (_, index) => `many/7/${index * 1000 + 7}`);
  const asked = async (ask: () => Promise<unknown>) => {
    const { perSecond, times } = await keepAsking(Array.from({ length: CONNECTIONS }), context.seconds, ask);
    return { ms: times, rate: perSecond };
  };
  return {
    ways: {
      list: () => asked(() => files.ask('POST', '/object/list/bench', { prefix: 'many/7', limit: 100 })),
      sign: async () => {
        const { rate } = await asked(() => files.ask('POST', '/object/sign/bench', { expiresIn: 60, paths }));
        return { links: rate * paths.length };
      },
    },
    figures: [
      { name: `list of a folder in a bucket of ${MANY}, p50`, unit: 'ms', of: ['list', 'ms'] },
      {
        name: `list of a folder in a bucket of ${MANY}, p99`,
        unit: 'ms',
        of: ['list', 'ms'],
        quantile: 0.99,
        goal: { valueAtMost: 50 },
      },
      {
        name: `signed links, ${paths.length} in a request`,
        unit: '/s',
        of: ['sign', 'links'],
        goal: { valueAtLeast: 2_000 },
      },
    ],
  };
}
