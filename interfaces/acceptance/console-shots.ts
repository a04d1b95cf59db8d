/**
 * A picture of each page of the console, at three widths, dark and light, of a platform with something in it: `npm run
 * console:shots`, for whoever reviews a change. They are in interfaces/console/shots, by page, width and theme. Words
 * behind it are pages by a part of their address: only those.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PLATFORM_DATABASE } from '../../infrastructure/postgres/platform-database.ts';
import { ConsoleUnderTest, pagesFrom, settled, type Ask, type Visitor } from './console-under-test.ts';
import setUpConsole from './console-setup.ts';
import { root } from './compose-file.ts';

const FOLDER = join(root, 'interfaces', 'console', 'shots');
const WIDTHS = [360, 820, 1400];
const THEMES = ['light', 'dark'] as const;
/** what comes a moment after the page itself: figures, charts */
const REST_MS = 700;
const TABLES = `CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, since date NOT NULL DEFAULT '2026-01-02', tags text[], profile jsonb);
  CREATE TABLE orders (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), customer bigint REFERENCES customers, total numeric(12,2) NOT NULL, placed_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE drafts (id int PRIMARY KEY, text text);
  INSERT INTO customers (name, tags, profile) SELECT 'Customer ' || n, ARRAY['new', 'web'], jsonb_build_object('visits', n) FROM generate_series(1, 240) n;
  INSERT INTO orders (customer, total) SELECT 1 + n % 240, n * 1.25 FROM generate_series(1, 900) n;
  ALTER TABLE customers ENABLE ROW LEVEL SECURITY; ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
  CREATE POLICY "everybody reads" ON customers FOR SELECT TO authenticated USING (true)`;

/** A day and a month of somebody's work, which no client could make in a minute. */
const FIGURES = `INSERT INTO project_usage.samples (project_id, per, at, requests, connections, size_bytes)
  SELECT $1::text, per, date_trunc(per, now()) - n * span, 20 + 15 * sin(n / 20.0) + n % 7, 2 + n % 4, 9e6 - 1e4 * n
  FROM (VALUES ('minute', interval '10 minutes', 143), ('hour', interval '3 hours', 239)) AS pers (per, span, most),
    generate_series(1, most) n WHERE n % 40 > 8`;

const say = (line: string): void => console.log(line);
const only = process.argv.slice(2);

/** Made as any client would make it. @returns the project that has something of everything */
async function sample({ platform }: ConsoleUnderTest, ask: Ask): Promise<string> {
  const create = async (name: string, display: string) =>
    String((await ask('POST', '/api/projects', { name, display_name: display }))['id']);
  const [shop, blog, old] = [
    await create('shop', 'The little shop'),
    await create('blog', 'Blog'),
    await create('old-site', 'Old site'),
  ];
  await ask('POST', `/api/projects/${shop}/sql`, { query: TABLES });
  await platform.sql(FIGURES, [shop], PLATFORM_DATABASE);
  await ask('POST', `/api/projects/${blog}/pause`);
  await ask('DELETE', `/api/projects/${old}`);
  await ask('GET', `/api/projects/${shop}/keys`);
  await ask('POST', '/api/tokens', { name: 'CI', scopes: ['read', 'write'] });
  const given = await ask('POST', `/api/projects/${shop}/service-token`, { for: 'auth' });
  const token = String(given['token']);
  const asService = (path: string, body: object) =>
    platform.call('POST', `/project/${shop}${path}`, { token, headers: { apikey: token }, body });
  for (const name of ['ann', 'bob', 'carla'])
    await asService('/auth/v1/admin/users', { email: `${name}@example.org`, email_confirm: true });
  for (const [id, isPublic] of [
    ['pictures', true],
    ['invoices', false],
  ] as const)
    await asService('/storage/v1/bucket', { id, name: id, public: isPublic });
  for (const name of ['one.json', 'two.json', 'folder/three.json'])
    await asService(`/storage/v1/object/invoices/${name}`, { name });
  return shop;
}

async function shoot({ page }: Visitor, path: string, name: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: width < 500 ? 740 : 900 });
    await page.goto(path);
    await settled(page).catch(() => say(`! ${path} does not come to rest`));
    await page.waitForTimeout(REST_MS);
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const file = `${name}-${width}-${colorScheme}.png`;
      await page.screenshot({ path: join(FOLDER, file), fullPage: true, animations: 'disabled' });
    }
  }
  say(`  ${name}`);
}

async function main(): Promise<void> {
  setUpConsole();
  if (only.length === 0) await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  say('Starting a platform with something in it ...');
  const consoles = await ConsoleUnderTest.start();
  try {
    const owner = await consoles.owner('owner');
    const stranger = await consoles.visitor();
    const nobody = await consoles.owner('newcomer');
    const operator = await consoles.operator();
    const project = await sample(consoles, owner.ask);
    const nameOf = (path: string) =>
      path
        .replace(/^\/(console)?\/?/, '')
        .replace(project, 'project')
        .replaceAll('/', '-') || 'projects';
    const own = [
      ...new Set([
        ...(await pagesFrom(owner.page, '/')),
        '/console/projects/new',
        ...(await pagesFrom(owner.page, `/console/projects/${project}`)),
        `/console/projects/${project}/tables/public/customers`,
        '/console/operator',
        '/console/nothing-is-here',
      ]),
    ];
    const shots: (readonly [Visitor, string, string])[] = [
      [stranger, '/console/sign-in', 'sign-in'],
      [stranger, '/console/sign-up', 'sign-up'],
      [nobody, '/', 'projects-none'],
      ...own.map((path) => [owner, path, nameOf(path)] as const),
      [stranger, '/console/operator', 'operator-sign-in'],
      ...(await pagesFrom(operator.page, '/console/operator')).map(
        (path) => [operator, path, nameOf(path)] as const,
      ),
    ];
    for (const [visitor, path, name] of shots)
      if (only.length === 0 || only.some((word) => name.includes(word))) await shoot(visitor, path, name);
    for (const fault of consoles.faults) say(`! ${fault}`);
    say(`They are in ${FOLDER}`);
  } finally {
    await consoles.close();
  }
}

await main();
