/** The only reader of the environment. Every variable is described in .env.example. */
import { z } from 'zod';

const port = z.coerce.number().int().min(1).max(65_535);
const ROLES = ['gateway', 'platform', 'worker'] as const;

const url = (protocols: RegExp) =>
  z.string().refine((text) => URL.canParse(text) && protocols.test(new URL(text).protocol), 'not such a URL');

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
  LAUNCHDB_RUNTIME: z.enum(['process']).default('process'),
  GATEWAY_PORT: port.default(8080),
  PLATFORM_PORT: port.default(8000),
  AUTH_PORT: port.default(8001),
  MIGRATIONS_PORT: port.default(8002),
  STORAGE_PORT: port.default(8003),
  MANAGER_PORT: port.default(9000),
  POSTGRES_PORT: port.default(15_432),
  PGBOUNCER_PORT: port.default(6432),
  DATABASE_URL: url(/^postgres(ql)?:$/).optional(),
  EVENT_STORE_URL: url(/^(postgres(ql)?|esdb(\+discover)?):$/).optional(),
  INTERNAL_API_KEY: z
    .string()
    .transform((text) => text.split(',').map((key) => key.trim()))
    .pipe(z.tuple([internalKey]).rest(internalKey))
    .optional(),
  PUBLIC_URL: url(/^https?:$/).optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export type Config = Readonly<z.infer<typeof schema>>;

/** A variable that cannot be used; the message says which and how it should look. */
export class InvalidConfiguration extends Error {}

/**
 * @param environment default: this process's
 * @throws {InvalidConfiguration}
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  // an empty variable is one that was not set
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return Object.freeze(parsed.data);
  const lines = parsed.error.issues.map((issue) => `  ${issue.path[0]?.toString()}: ${issue.message}`);
  throw new InvalidConfiguration(
    `These environment variables cannot be used:\n${lines.join('\n')}\nSee .env.example.`,
  );
}

export const VARIABLES: readonly string[] = Object.keys(schema.shape);

export const searchPath = (): string => process.env['PATH'] ?? '';
