/** The storage service over the real databases of two projects and files on the disk, without the rest of the platform. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import { SignJWT } from 'jose';
import { pause } from '../../application/background/pause.ts';
import type { StorageDependencies } from '../../application/storage/storage-dependencies.ts';
import type { StorageProject } from '../../application/storage/storage-project.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import {
  STORAGE_DEFAULTS,
  type StorageLimits,
  type StorageSettings,
} from '../../domain/storage/storage-settings.ts';
import { HmacSignedLinks } from '../../infrastructure/crypto/hmac-signed-links.ts';
import { knownTokens } from '../../application/known-tokens.ts';
import { JoseUserTokens } from '../../infrastructure/crypto/jose-user-tokens.ts';
import { RandomIds } from '../../infrastructure/crypto/random-ids.ts';
import { CountedObjectStore } from '../../application/storage/counted-object-store.ts';
import { CountedUploadSpool } from '../../application/storage/counted-upload-spool.ts';
import { FileUsage } from '../../application/storage/file-usage.ts';
import { CachedImages } from '../../infrastructure/images/cached-images.ts';
import { SharpImages } from '../../infrastructure/images/sharp-images.ts';
import { DiskObjectStore } from '../../infrastructure/storage/disk-object-store.ts';
import { DiskUploadSpool } from '../../infrastructure/storage/disk-upload-spool.ts';
import { PgStorageDirectory } from '../../infrastructure/storage/pg-storage-directory.ts';
import { testUsers } from '../../infrastructure/testing/users.ts';
import { Metrics } from '../http/metrics.ts';
import { createServer } from '../http/server.ts';
import { callerAuthentication } from '../storage/authenticate-caller.ts';
import { storageEndpoints } from '../storage/storage-endpoints.ts';
import { storageErrorBody } from '../storage/storage-error-body.ts';

const SECRET = (project: ProjectId) => `the secret of ${project}, of more than 32 letters`;
const MIB = 1024 * 1024;

export async function storageUnderTest() {
  const users = await testUsers();
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-storage-'));
  let aheadMs = 0;
  const clock = {
    now: () => new Date(new Date().getTime() + aheadMs),
    elapsedMs: () => performance.now(),
    sleep: pause,
  };
  const links = new HmacSignedLinks(clock);
  let limits: StorageLimits = { fileBytes: 50 * MIB, totalBytes: null, files: null };
  let settings: StorageSettings = STORAGE_DEFAULTS;
  let base = '';
  const projects = {
    find: (id: ProjectId): Promise<StorageProject> =>
      Promise.resolve({
        id,
        url: `${base}/project/${id}/storage/v1`,
        settings,
        limits,
        keys: { jwtSecrets: [SECRET(id)], publicKeys: [] },
        linkKeys: links.keysOf(id, [SECRET(id)]),
        s3Keys: new Map(),
        anonKeys: [],
      }),
  };
  const disk = await DiskObjectStore.open(folder);
  const usage = new FileUsage({ store: disk, limitsOf: () => Promise.resolve(limits) });
  const bytes = new CountedObjectStore(disk, usage);
  const spool = new CountedUploadSpool(await DiskUploadSpool.open(folder), usage);
  const warned: object[] = [];
  const pictures = new SharpImages();
  const storage: StorageDependencies = {
    directory: new PgStorageDirectory(users.connections),
    bytes,
    links,
    spool,
    images: await CachedImages.open(pictures, {
      folder: join(folder, 'images'),
      mostBytes: 10 * MIB,
      log: { warn: (line) => void warned.push(line) },
    }),
    clock,
    ids: new RandomIds(Buffer.alloc(32)),
  };
  const noted = (line: object) => void warned.push(line);
  const server = createServer({
    name: 'storage',
    port: 0,
    portVariable: 'STORAGE_PORT',
    endpoints: storageEndpoints({ version: 'under test', storage }),
    authenticate: callerAuthentication(projects, knownTokens(new JoseUserTokens(clock), clock)),
    errorBody: storageErrorBody,
    log: { debug() {}, info() {}, warn: noted, error: noted },
    ready: () => Promise.resolve({}),
    metrics: new Metrics(),
  });
  await server.start();
  base = `http://127.0.0.1:${server.port}`;
  const token = (claims: Record<string, unknown>, project: ProjectId = users.projects[0]) =>
    new SignJWT({ jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuedAt()
      .sign(new TextEncoder().encode(SECRET(project)));
  const urlOf = (project: ProjectId) => `${base}/project/${project}`;
  const clientWith = (
    key: string,
    project: ProjectId = users.projects[0],
    headers: Readonly<Record<string, string>> = {},
  ) =>
    createClient(urlOf(project), key, {
      auth: { autoRefreshToken: false, persistSession: false },
      global: { headers: { Authorization: `Bearer ${key}`, ...headers } },
    }).storage;
  return {
    url: `${urlOf(users.projects[0])}/storage/v1`,
    otherUrl: `${urlOf(users.projects[1])}/storage/v1`,
    project: users.projects[0],
    otherProject: users.projects[1],
    storage,
    /** of the disk */
    folder,
    disk,
    usage,
    spool,
    projects,
    warned,
    token,
    clientWith,
    serviceKey: await token({ role: 'service_role' }),
    anonKey: await token({ role: 'anon' }),
    service: clientWith(await token({ role: 'service_role' })),
    anon: clientWith(await token({ role: 'anon' })),
    async user(sub: string = randomUUID()) {
      const own = await token({ role: 'authenticated', sub });
      return { sub, token: own, storage: clientWith(own) };
    },
    owner: (sql: string) => users.owner(sql),
    /** nothing: as they are by default */
    limit: (fileBytes = 50 * MIB, room: Partial<StorageLimits> = {}) =>
      void (limits = { fileBytes, totalBytes: null, files: null, ...room }),
    setting: (changed: Partial<StorageSettings>) => void (settings = { ...settings, ...changed }),
    advance: (seconds: number) => void (aheadMs += seconds * 1000),
    /** what of a project has bytes */
    async versions(project: ProjectId = users.projects[0]) {
      const found: string[] = [];
      for await (const { version } of bytes.list(project)) found.push(version);
      return found.sort();
    },
    async close() {
      await server.stop(0);
      pictures.stop();
      await users.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
