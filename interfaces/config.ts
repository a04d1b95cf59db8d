/** The only reader of the environment. Every variable is described in .env.example. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isAffordable, MOST_LANES, MOST_MEMORY_KIB, MOST_WORK_KIB } from '../domain/auth/password-hash.ts';
import { DATA_API_ROUTES } from '../domain/project/data-api-settings.ts';
import { normaliseEmail } from '../domain/email-address.ts';
import { isProxy } from './http/client-address.ts';

/**
 * What is meant for other programs of PostgreSQL's (PGSSLMODE, PGOPTIONS, PGHOST ...) changes no session of ours, and no
 * program that we start: gone before the driver is loaded, wherever this file is imported first.
 */
for (const name of Object.keys(process.env)) {
  if (/^(PG(?!BOUNCER_)|NODE_PG_)/.test(name)) delete process.env[name];
}

const port = z.coerce.number().int().min(1).max(65_535);
export const ROLES = ['gateway', 'platform', 'worker', 'manager', 'migrations', 'auth', 'storage'] as const;
const SECRETS = [
  'LAUNCHDB_MASTER_KEY',
  'DATABASE_URL',
  'PLATFORM_DATABASE_URL',
  'EVENT_STORE_URL',
  'INTERNAL_API_KEY',
  'SMTP_URL',
  'STORAGE_S3_SECRET_ACCESS_KEY',
] as const;
/** What owners may install unless PROJECT_EXTENSIONS says otherwise. */
export const DEFAULT_EXTENSIONS =
  'pgcrypto,uuid-ossp,pg_trgm,citext,hstore,ltree,unaccent,fuzzystrmatch,btree_gin,btree_gist,intarray,cube,tablefunc,vector'.split(
    ',',
  );
export type Role = (typeof ROLES)[number];

const url = (protocols: RegExp) =>
  z.string().refine((text) => URL.canParse(text) && protocols.test(new URL(text).protocol), 'not such a URL');

/** EventStoreDB's may have several hosts, which no parser of URLs knows: the rest of it is for its client to judge. */
const eventStoreUrl = z
  .string()
  .refine(
    (text) =>
      /^esdb(\+discover)?:\/\/[^\s]+$/.test(text) || (URL.canParse(text) && /^postgres(ql)?:/.test(text)),
    'must be like postgres://..., esdb://a:2113,b:2113,c:2113?tls=false or esdb+discover://...',
  );

const DATABASE_PLACE = /^([A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;

const databasePlace = z
  .string()
  .regex(DATABASE_PLACE, 'must be a host name, or host:port')
  .transform((text) => {
    const [, host = '', given] = DATABASE_PLACE.exec(text) ?? [];
    return { host, port: given === undefined ? undefined : Number(given) };
  });

/** Where owners' clients reach databases, without a login and a database; null: nowhere. */
const clientsPlace = z
  .string()
  .refine(
    (text) => text === 'none' || isClientsPlace(text),
    'must be like postgresql://db.example.com:6432?sslmode=require, without a login and a database, or "none"',
  )
  .transform((text) => {
    if (text === 'none') return null;
    const { hostname: host, port: given, search: query } = new URL(text);
    return { host, port: Number(given || 5432), query };
  });

function isClientsPlace(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, pathname, hash } = new URL(text);
  return (
    /^postgres(ql)?:$/.test(protocol) &&
    hostname !== '' &&
    /^\/?$/.test(username + password + pathname + hash)
  );
}

/** `Shop <no-reply@shop.example>`, or the address alone */
const sender = z.string().transform((text, context) => {
  const [, name = '', bracketed, bare] = /^(?:"?([^"<>]*?)"? *<([^<>]+)>|([^<>]+))$/.exec(text.trim()) ?? [];
  const address = normaliseEmail(bracketed ?? bare ?? '');
  if (address !== undefined) return { name: name.trim() || null, address };
  context.addIssue({ code: 'custom', message: 'must be like "Shop <no-reply@shop.example>"' });
  return z.NEVER;
});

const internalKey = z.string().min(16, 'each key needs 16 characters');

const schema = z.object({
  LAUNCHDB_DATA_DIR: z.string().min(1).default('./.launchdb'),
  LAUNCHDB_ROLES: z
    .string()
    .default('all')
    .transform((text) => (text === 'all' ? [...ROLES] : text.split(',').map((role) => role.trim())))
    .pipe(z.array(z.enum(ROLES)).min(1)),
  LAUNCHDB_MASTER_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits (32 bytes)')
    .optional(),
  LAUNCHDB_RUNTIME: z.enum(['process', 'docker']).default('process'),
  DOCKER_HOST: url(/^(unix|tcp|http):$/).default('unix:///var/run/docker.sock'),
  DOCKER_NETWORK: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'not a name of a Docker network')
    .default('launchdb'),
  POSTGREST_IMAGE: z.string().min(1).default('postgrest/postgrest:v14.15'),
  DATA_API_DB_HOST: databasePlace.optional(),
  DATA_API_DIRECT_HOST: databasePlace.optional(),
  DATA_API_ROUTE: z.enum(DATA_API_ROUTES).default('pooler'),
  LISTEN_HOST: z.string().min(1).default('127.0.0.1'),
  GATEWAY_PORT: port.default(8080),
  PLATFORM_PORT: port.default(8000),
  AUTH_PORT: port.default(8001),
  MIGRATIONS_PORT: port.default(8002),
  STORAGE_PORT: port.default(8003),
  MANAGER_PORT: port.default(9000),
  WORKER_PORT: port.default(9001),
  POSTGRES_PORT: port.default(15_432),
  PLATFORM_POSTGRES_PORT: port.default(15_433),
  POSTGRES_MAX_CONNECTIONS: z.coerce.number().int().min(70).max(20_000).default(800),
  PGBOUNCER_PORT: port.default(6432),
  PGBOUNCER_HOST: z
    .string()
    .regex(/^[A-Za-z0-9._:-]+$/, 'not a host name')
    .optional(),
  PGBOUNCER_CONFIG_DIR: z.string().min(1).optional(),
  POOLER_GUARD: z.enum(['on', 'off']).default('on'),
  IDLE_SLEEP_MINUTES: z.coerce
    .number()
    .min(0)
    .max(30 * 24 * 60)
    .default(0),
  DATABASE_URL: url(/^postgres(ql)?:$/).optional(),
  PLATFORM_DATABASE_URL: url(/^postgres(ql)?:$/).optional(),
  PROJECT_EXTENSIONS: z
    .string()
    .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))])
    .pipe(z.array(z.string().regex(/^[a-z0-9_-]{1,63}$/, 'not names of extensions, separated by commas')))
    .optional(),
  SIGNUP: z.enum(['open', 'invite', 'closed']).default('open'),
  MAX_PROJECTS_PER_OWNER: z.coerce.number().int().min(0).max(1_000_000).optional(),
  SPARE_PROJECTS: z.coerce.number().int().min(0).max(20).default(2),
  PROJECT_DATABASE_SIZE_MB: z.coerce.number().int().min(0).max(1_073_741_824).optional(),
  STORAGE_DIR: z.string().min(1).optional(),
  STORAGE_S3_ENDPOINT: url(/^https?:$/).optional(),
  STORAGE_S3_REGION: z.string().min(1).default('us-east-1'),
  STORAGE_S3_BUCKET: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/, 'not a name of a bucket')
    .optional(),
  STORAGE_S3_PREFIX: z
    .string()
    .regex(/^[\w./-]{0,200}$/, 'only letters, digits and _ . / -')
    .default(''),
  STORAGE_S3_PATH_STYLE: z.enum(['on', 'off']).default('off'),
  STORAGE_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  STORAGE_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  STORAGE_FILE_SIZE_MB: z.coerce.number().int().min(1).max(1_073_741_824).default(5_120),
  STORAGE_PROJECT_SIZE_MB: z.coerce.number().int().min(0).max(1_073_741_824).optional(),
  STORAGE_PROJECT_FILES: z.coerce.number().int().min(0).max(1_000_000_000).default(1_000_000),
  STORAGE_IMAGE_CACHE_MB: z.coerce.number().int().min(0).max(1_073_741_824).default(512),
  DATABASE_SIZE_LOOK_SECONDS: z.coerce.number().min(0.1).max(3600).default(15),
  EVENT_STORE_URL: eventStoreUrl.optional(),
  INTERNAL_API_KEY: z
    .string()
    .transform((text) => text.split(',').map((key) => key.trim()))
    .pipe(z.tuple([internalKey]).rest(internalKey))
    .optional(),
  PLATFORM_URL: url(/^http:$/).optional(),
  AUTH_URL: url(/^http:$/).optional(),
  STORAGE_URL: url(/^http:$/).optional(),
  AUTH_ARGON2_MEMORY_KIB: z.coerce.number().int().min(1_024).max(MOST_MEMORY_KIB).default(19_456),
  AUTH_ARGON2_PASSES: z.coerce.number().int().min(1).max(64).default(2),
  AUTH_ARGON2_LANES: z.coerce.number().int().min(1).max(MOST_LANES).default(1),
  UV_THREADPOOL_SIZE: z.coerce.number().int().min(1).max(1_024).default(4),
  MANAGER_URL: url(/^http:$/).optional(),
  MIGRATIONS_URL: url(/^http:$/).optional(),
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((proxy) => proxy.trim())
        .filter(Boolean),
    )
    .pipe(z.array(z.string().refine(isProxy, 'not addresses, networks or host names, separated by commas'))),
  PUBLIC_URL: url(/^https?:$/).optional(),
  PUBLIC_DATABASE_URL: clientsPlace.optional(),
  PUBLIC_POOLER_URL: clientsPlace.optional(),
  SMTP_URL: url(/^smtps?:$/).optional(),
  SMTP_FROM: sender.optional(),
  AUTH_ALLOW_PRIVATE_SMTP: z.enum(['on', 'off']).default('off'),
  AUTH_ALLOW_PRIVATE_PROVIDERS: z.enum(['on', 'off']).default('off'),
  AUTH_ALLOW_PRIVATE_HOOKS: z.enum(['on', 'off']).default('off'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(/^https?:$/).optional(),
  OTEL_SERVICE_NAME: z.string().max(255).optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

/** of an owner's programs: not of the platform, which may be somewhere else */
const clientSchema = z.object({
  LAUNCHDB_URL: url(/^https?:$/).default('http://localhost:8080'),
  LAUNCHDB_TOKEN: z.string().optional(),
  LAUNCHDB_PROJECT: z.string().optional(),
});

/** of the pooler's public door, which is told nothing else of the platform */
const publicPoolerSchema = z.object({
  LISTEN_HOST: schema.shape.LISTEN_HOST,
  LOG_LEVEL: schema.shape.LOG_LEVEL,
  PGBOUNCER_HOST: schema.shape.PGBOUNCER_HOST.unwrap().default('127.0.0.1'),
  PGBOUNCER_PORT: schema.shape.PGBOUNCER_PORT,
  PUBLIC_POOLER_PORT: port.default(6432),
  PUBLIC_POOLER_METRICS_PORT: port.default(9002),
  PUBLIC_POOLER_CERT: z.string().min(1),
  PUBLIC_POOLER_KEY: z.string().min(1),
});

/** Containers reach a PostgreSQL that somebody else runs only by a way that they are told. */
export const hasDirectRoute = (
  given: Pick<z.infer<typeof schema>, 'LAUNCHDB_RUNTIME' | 'DATABASE_URL' | 'DATA_API_DIRECT_HOST'>,
): boolean =>
  given.LAUNCHDB_RUNTIME === 'process' ||
  given.DATABASE_URL === undefined ||
  given.DATA_API_DIRECT_HOST !== undefined;

const config = schema
  .refine((given) => given.DATA_API_ROUTE === 'pooler' || hasDirectRoute(given), {
    path: ['DATA_API_DIRECT_HOST'],
    message: 'is needed with DATA_API_ROUTE=direct: where containers reach PostgreSQL itself',
  })
  .refine(
    ({ LAUNCHDB_ROLES, PGBOUNCER_HOST, PGBOUNCER_CONFIG_DIR }) => {
      if (PGBOUNCER_HOST === undefined) return PGBOUNCER_CONFIG_DIR === undefined;
      return PGBOUNCER_CONFIG_DIR !== undefined || !LAUNCHDB_ROLES.includes('manager');
    },
    {
      path: ['PGBOUNCER_CONFIG_DIR'],
      message: 'goes with PGBOUNCER_HOST, and is needed with it by the manager',
    },
  )
  .refine((given) => isAffordable(given.AUTH_ARGON2_MEMORY_KIB, given.AUTH_ARGON2_PASSES), {
    path: ['AUTH_ARGON2_PASSES'],
    message: `times AUTH_ARGON2_MEMORY_KIB must be at most ${MOST_WORK_KIB}`,
  })
  .refine(({ SMTP_URL, SMTP_FROM }) => (SMTP_URL === undefined) === (SMTP_FROM === undefined), {
    path: ['SMTP_FROM'],
    message: 'goes with SMTP_URL, and is needed with it',
  })
  .refine(
    ({ STORAGE_S3_BUCKET: bucket, STORAGE_S3_ACCESS_KEY_ID: id, STORAGE_S3_SECRET_ACCESS_KEY: secret }) =>
      (bucket === undefined) === (id === undefined) && (id === undefined) === (secret === undefined),
    {
      path: ['STORAGE_S3_BUCKET'],
      message: 'goes with STORAGE_S3_ACCESS_KEY_ID and STORAGE_S3_SECRET_ACCESS_KEY, and they with it',
    },
  )
  .superRefine((given, context) => {
    // each on its own: what they have to share must come from outside
    if (ROLES.every((role) => given.LAUNCHDB_ROLES.includes(role))) return;
    // users and files are reached by the pooler: who serves nothing else needs no superuser of the projects' PostgreSQL
    const poolerAlone =
      given.LAUNCHDB_ROLES.every((role) => role === 'auth' || role === 'storage') &&
      given.PLATFORM_DATABASE_URL !== undefined;
    for (const name of ['DATABASE_URL', 'LAUNCHDB_MASTER_KEY'] as const) {
      if (given[name] !== undefined || (name === 'DATABASE_URL' && poolerAlone)) continue;
      const message = 'is needed, the same one for every process, when LAUNCHDB_ROLES is not "all"';
      context.addIssue({ code: 'custom', path: [name], message });
    }
  })
  .transform((given) => ({
    ...given,
    PLATFORM_URL: bare(given.PLATFORM_URL ?? `http://127.0.0.1:${given.PLATFORM_PORT}`),
    AUTH_URL: bare(given.AUTH_URL ?? `http://127.0.0.1:${given.AUTH_PORT}`),
    STORAGE_URL: bare(given.STORAGE_URL ?? `http://127.0.0.1:${given.STORAGE_PORT}`),
    MIGRATIONS_URL: bare(given.MIGRATIONS_URL ?? `http://127.0.0.1:${given.MIGRATIONS_PORT}`),
    MANAGER_URL: bare(given.MANAGER_URL ?? `http://127.0.0.1:${given.MANAGER_PORT}`),
  }));

const bare = (text: string): string => text.replace(/\/+$/, '');

export type Config = Readonly<z.infer<typeof config>>;

/** A variable that cannot be used; the message says which and how it should look. */
export class InvalidConfiguration extends Error {}

/**
 * @param environment default: this process's
 * @throws {InvalidConfiguration}
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  // an empty variable is one that was not set
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = config.safeParse({ ...secretsFromFiles(given), ...given });
  if (parsed.success) return Object.freeze(parsed.data);
  throw unusable(parsed.error.issues.map(({ path, message }) => `${path[0]?.toString()}: ${message}`));
}

export type ClientSettings = Readonly<z.infer<typeof clientSchema>>;

/** @throws {InvalidConfiguration} */
export function readClientSettings(): ClientSettings {
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  const parsed = clientSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw unusable(parsed.error.issues.map(({ path, message }) => `${path[0]?.toString()}: ${message}`));
}

export type PublicPoolerSettings = Readonly<z.infer<typeof publicPoolerSchema>>;

/** @throws {InvalidConfiguration} */
export function readPublicPoolerSettings(): PublicPoolerSettings {
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  const parsed = publicPoolerSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw unusable(parsed.error.issues.map(({ path, message }) => `${path[0]?.toString()}: ${message}`));
}

/** What holds a secret may also be a file's content, named by the variable with `_FILE` at the end. */
function secretsFromFiles(given: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const found = SECRETS.flatMap((name) => {
    const file = given[`${name}_FILE`];
    if (file === undefined) return [];
    if (given[name] !== undefined) throw unusable([`${name}: is given twice, also as ${name}_FILE`]);
    try {
      return [[name, readFileSync(file, 'utf8').trim()] as const];
    } catch {
      throw unusable([`${name}_FILE: ${file} cannot be read`]);
    }
  });
  return Object.fromEntries(found);
}

const unusable = (lines: readonly string[]) =>
  new InvalidConfiguration(
    `These environment variables cannot be used:\n${lines.map((line) => `  ${line}`).join('\n')}\nSee .env.example.`,
  );

export const VARIABLES: readonly string[] = [
  ...Object.keys(schema.shape),
  ...Object.keys(clientSchema.shape),
  ...Object.keys(publicPoolerSchema.shape),
];

/** Whether the tests are to be run that take long, too. */
export const isFullTier = (): boolean => process.env['TEST_TIER'] === 'full';

export const searchPath = (): string => process.env['PATH'] ?? '';
