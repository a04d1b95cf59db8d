/** The server's files as the real docker-compose reads them: merged, with variables put in. Needs no Docker. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { DOCKER_COMPOSE } from '../../infrastructure/process/system-programs.ts';

const run = promisify(execFile);
export const root = join(import.meta.dirname, '..', '..');

export interface Service {
  readonly image?: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly ulimits?: Readonly<Record<string, number>>;
  readonly mem_limit?: string | number;
  readonly pids_limit?: number;
  readonly restart?: string;
  readonly network_mode?: string;
  readonly pid?: string;
  readonly ipc?: string;
  readonly profiles?: readonly string[];
  readonly ports?: readonly { readonly target: number; readonly published: number | string }[];
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly command?: string | readonly string[];
  readonly entrypoint?: string | readonly string[];
  readonly volumes?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly secrets?: readonly (string | { readonly source: string })[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly logging?: { readonly options?: Readonly<Record<string, string>> };
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean; readonly name?: string } | null>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** As install.sh sets them. */
export const VARIABLES = {
  LAUNCHDB_DOMAIN: 'db.example.com',
  LAUNCHDB_TLS: 'me@example.com',
  LAUNCHDB_UID: '10001',
  LAUNCHDB_GID: '10001',
  DOCKER_GID: '999',
} as const;

async function composeBinary(): Promise<string> {
  const found = await DOCKER_COMPOSE.find(process.env['PATH'] ?? '');
  if (found === undefined) throw new Error('docker-compose is not installed; "npm test" installs it');
  return found;
}

/** @param more files that are merged into docker-compose.yml */
export async function readComposeFile(
  variables: Readonly<Record<string, string>> = VARIABLES,
  more: readonly string[] = [],
): Promise<ComposeFile> {
  const env = { PATH: process.env['PATH'] ?? '', COMPOSE_PROFILES: 'eventstore,public-pooler', ...variables };
  // a .env of whoever runs the tests has no say
  const empty = join(await mkdtemp(join(tmpdir(), 'launchdb-compose-')), 'env');
  await writeFile(empty, '');
  const files = ['docker-compose.yml', ...more].flatMap((file) => ['-f', file]);
  const args = ['--project-directory', root, '--env-file', empty, ...files, 'config'];
  try {
    return parse((await run(await composeBinary(), args, { cwd: root, env })).stdout) as ComposeFile;
  } finally {
    await rm(dirname(empty), { recursive: true });
  }
}
