/** Under what a run was made: without it a figure says nothing. */
import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { promisify } from 'node:util';
import {
  findPgbouncer,
  findPostgres,
  findPostgrest,
  findSystemProgram,
} from '../../infrastructure/process/binaries.ts';
import { ensureSystemUser } from '../../infrastructure/process/system-user.ts';

const run = promisify(execFile);

export interface Conditions {
  readonly at: string;
  readonly commit: string;
  readonly machine: string;
  /** of the last minute, when the section began */
  readonly load: number;
  /** what kind of file system the servers' data is on */
  readonly data: string;
  /** of the servers' data, as the product has it */
  readonly fsync: 'on';
  readonly versions: Readonly<Record<string, string>>;
}

/** Linux's own numbers */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0x01021994: 'tmpfs (memory)',
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x794c7630: 'overlayfs',
};

export async function conditions(): Promise<Conditions> {
  const { type } = await statfs(tmpdir());
  return {
    at: new Date().toISOString(),
    commit: await commitOf(),
    machine: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}`,
    load: loadavg()[0] ?? NaN,
    data: FILE_SYSTEMS[type] ?? `file system ${type.toString(16)}`,
    // nothing of ours or of the bench's turns it off; in memory it costs nothing
    fsync: 'on',
    versions: { Node: process.versions.node, ...(await versions()) },
  };
}

async function commitOf(): Promise<string> {
  const git = async (...args: string[]) =>
    (await run('git', args, { cwd: import.meta.dirname }).catch(() => ({ stdout: '' }))).stdout.trim();
  const [commit, changed] = [await git('rev-parse', '--short=9', 'HEAD'), await git('status', '--porcelain')];
  return changed === '' ? commit : `${commit} with changes`;
}

async function versions(): Promise<Record<string, string>> {
  const path = process.env['PATH'] ?? '';
  const programs = {
    PostgreSQL: (await findPostgres(await ensureSystemUser('postgres'))).postgres,
    PgBouncer: await findPgbouncer(path),
    PostgREST: await findPostgrest(await ensureSystemUser('postgrest')),
    nginx: await findSystemProgram('nginx', path),
    HAProxy: await findSystemProgram('haproxy', path),
    Docker: await findSystemProgram('dockerd', path),
  };
  const found = await Promise.all(
    Object.entries(programs).map(async ([name, program]) => {
      if (program === undefined) return [];
      const option = name === 'nginx' || name === 'HAProxy' ? '-v' : '--version';
      const { stdout, stderr } = await run(program, [option]);
      return [[name, /\d+(\.\d+)+/.exec(stdout + stderr)?.[0] ?? 'unknown']];
    }),
  );
  return Object.fromEntries(found.flat()) as Record<string, string>;
}

export const conditionsLine = (at: Conditions): string =>
  `${at.machine}; ${Object.entries(at.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(
      ', ',
    )}; data on ${at.data}, fsync ${at.fsync}; load ${at.load.toFixed(2)}; commit ${at.commit}, ${at.at}`;
