/** Habits of the house that no linter knows. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_LOGINS } from '../domain/project/project-logins.ts';
import { REJECTION_CODES } from '../domain/rejection.ts';
import { eventCatalogue } from '../infrastructure/event-store/codec/event-catalogue.ts';
import { latestTemplateVersion } from '../infrastructure/postgres/project-template.ts';
import { NODE_FLAGS } from './acceptance/node-flags.ts';
import { processTable } from './composition/process-table.ts';
import { VARIABLES } from './config.ts';
import { openapiPath, openapiText } from './http/openapi.ts';
import { API_DOCUMENT } from './platform-api/api-document.ts';
import { EVENT_TYPES } from './console/src/pages/log/event-types.ts';
import { documentedEndpoints } from './platform-api/documented-endpoints.ts';

const LAYERS = ['domain', 'application', 'infrastructure', 'projections', 'interfaces'];
const SELF = 'interfaces/tidy.test.ts';
const root = join(import.meta.dirname, '..');
const files = LAYERS.flatMap((layer) =>
  readdirSync(join(root, layer), { recursive: true, encoding: 'utf8' }).map((name) => join(layer, name)),
).filter((name) => /[.]tsx?$/.test(name) && !name.includes('node_modules/'));
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const product = files.filter((name) => !/[.](test|contract)[.]ts$/.test(name));

test('files are named after what they hold', () => {
  const vague = /(^|\/)(index|types|utils?|helpers?|common|misc)[.]tsx?$|[.](service|dto|util)[.]ts$/;
  expect(files.filter((name) => vague.test(name) || !/^[a-z0-9./-]+$/.test(name))).toEqual([]);
});

test('the environment is read in one place', () => {
  const readers = files.filter((name) => /process[.]env\b/.test(read(name)) && name !== SELF);
  expect(readers.filter((name) => !/^interfaces\/(config[.]ts|acceptance\/|bench\/)/.test(name))).toEqual([]);
});

test('whoever starts the platform tells Node.js the same', () => {
  const [, told = '[]'] = /^ENTRYPOINT (.*)$/m.exec(read('Dockerfile')) ?? [];
  expect(NODE_FLAGS).toHaveLength(1);
  expect(JSON.parse(told)).toEqual(['node', ...NODE_FLAGS, 'interfaces/main.ts']);
});

test('no test is left out', () => {
  const left = /\b(test|it|describe)[.](skip|only|todo|skipIf|runIf)\b/;
  expect(files.filter((name) => name !== SELF && left.test(read(name)))).toEqual([]);
});

test('the seconds that test files usually take are of files that there are', () => {
  const usual = JSON.parse(read('interfaces/acceptance/usual-seconds.json')) as Record<string, number>;
  expect(Object.keys(usual).filter((key) => !files.includes(key.split(' ')[1] ?? ''))).toEqual([]);
});

test('every port has a contract that each of its adapters is run on', () => {
  // nothing but a type, or too little to disagree about: their adapters have tests of their own
  const plain = ['auth-metrics', 'clock', 'ids', 'log', 'storage-metrics'];
  // of what is being built
  const coming = ['user-tokens'];
  const ports = files.flatMap((name) => /^application\/ports\/([a-z-]+)[.]ts$/.exec(name)?.[1] ?? []);
  const without = ports.filter((port) => !files.includes(`application/ports/${port}.contract.ts`));
  expect(without.filter((port) => !coming.includes(port)).sort()).toEqual(plain);
  const tests = files.filter((name) => name.endsWith('.test.ts')).map(read);
  for (const port of ports.filter((one) => !without.includes(one))) {
    const runs = tests.filter((text) => text.includes(`ports/${port}.contract.ts'`));
    expect([port, runs.length > 0]).toEqual([port, true]);
  }
});

test('each login of projects came with a version of their template that there is', async () => {
  const latest = await latestTemplateVersion();
  for (const { name, since } of PROJECT_LOGINS) {
    expect([name, since <= latest]).toEqual([name, true]);
    expect(name).toMatch(/^[a-z]{1,20}$/);
  }
  expect(new Set(PROJECT_LOGINS.map(({ name }) => name)).size).toBe(PROJECT_LOGINS.length);
});

test('every event of a step is one that the log knows', () => {
  const recorded = Object.values(processTable).flatMap((steps) =>
    steps.flatMap(({ records, undoes }) => (undoes === null ? [records] : [records, undoes])),
  );
  expect(recorded.filter((type) => !Object.hasOwn(eventCatalogue, type))).toEqual([]);
});

test('every event that the log knows is written by somebody', () => {
  const sources = product.filter((name) => !/event-catalogue|\/events[.]ts$/.test(name)).map(read);
  const unused = Object.keys(eventCatalogue).filter(
    (type) => !sources.some((text) => text.includes(`'${type}'`)),
  );
  expect(unused).toEqual([]);
});

test('the console can show the log by every type of event that owners meet', () => {
  // of whoever runs the platform; of a spare project its claim is the first thing that an owner meets
  const others = /^(Rollout|Invite|Operator|ParkedEvents|Views|Spare(?!Claimed))/;
  const known = Object.keys(eventCatalogue).filter((type) => !others.test(type));
  expect([...EVENT_TYPES].sort()).toEqual(known.sort());
});

test('every code of a rejection is raised by somebody', () => {
  const sources = product.filter(
    (name) => /^(domain|application)\//.test(name) && !name.endsWith('rejection.ts'),
  );
  const text = sources.map(read).join('\n');
  expect(REJECTION_CODES.filter((code) => !text.includes(`'${code}'`))).toEqual([]);
});

test('openapi.json is what the schemas say ("npm run openapi" writes it)', () => {
  expect(read('openapi.json')).toBe(openapiText(documentedEndpoints(), API_DOCUMENT));
});

test('every route is asked for by an acceptance test', () => {
  const asked = files
    .filter((name) => name.endsWith('.e2e.test.ts'))
    .map(read)
    .join('\n');
  const missing = documentedEndpoints().filter(({ path }) => {
    const last =
      openapiPath(path)
        .replace(/\/\{[^}]+\}$/, '')
        .split('/')
        .at(-1) ?? '';
    return !new RegExp(`['\`/]${last}\\b`).test(asked);
  });
  expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
});

test('every variable is in .env.example, and nothing else is', () => {
  const described = [...read('.env.example').matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name]) => name);
  expect(new Set(described)).toEqual(new Set(VARIABLES));
});
