/** The S3 protocol over the real databases and files of the storage service under test, and clients of it as AWS publishes them. */
import { randomBytes } from 'node:crypto';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { JoseUserTokens } from '../../infrastructure/crypto/jose-user-tokens.ts';
import { Metrics } from '../http/metrics.ts';
import { createServer } from '../http/server.ts';
import { s3Protocol } from '../s3/s3-protocol.ts';
import { rawProtocols } from '../storage/raw-protocols.ts';
import { StorageBounds } from '../storage/storage-bounds.ts';
import { storageErrorBody } from '../storage/storage-error-body.ts';
import { storageUnderTest } from './storage-under-test.ts';

type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

export async function s3UnderTest() {
  const under = await storageUnderTest();
  const pairOf = (project: ProjectId) => ({
    id: `KEY${project.toUpperCase()}`,
    secret: `secret of ${project}/+=`,
  });
  const anonKeyOf = (project: ProjectId) => `anon key of ${project}`;
  const refused: string[] = [];
  let base = '';
  const protocol = s3Protocol({
    ...under.storage,
    spool: under.spool,
    tokens: new JoseUserTokens(under.storage.clock),
    projects: {
      find: async (id) => ({
        ...(await under.projects.find(id)),
        url: `${base}/project/${id}/storage/v1`,
        s3Keys: new Map([[pairOf(id).id, pairOf(id)]]),
        anonKeys: [anonKeyOf(id)],
      }),
    },
    bounds: new StorageBounds(),
    metrics: { refused: (code) => void refused.push(code), moved() {} },
    log: { debug() {}, info() {}, warn() {}, error: (line) => void under.warned.push(line) },
  });
  const server = createServer({
    name: 'storage',
    port: 0,
    portVariable: 'STORAGE_PORT',
    endpoints: [],
    errorBody: storageErrorBody,
    fallback: rawProtocols([protocol]),
    log: { debug() {}, info() {}, warn() {}, error: (line) => void under.warned.push(line) },
    ready: () => Promise.resolve({}),
    metrics: new Metrics(),
  });
  await server.start();
  base = `http://127.0.0.1:${server.port}`;
  const urlOf = (project: ProjectId) => `${base}/project/${project}/storage/v1/s3`;
  const clients: S3Client[] = [];
  const client = (credentials: Credentials, project = under.project, more: S3ClientConfig = {}): S3Client => {
    const made = new S3Client({
      endpoint: urlOf(project),
      region: 'local',
      forcePathStyle: true,
      credentials,
      maxAttempts: 1,
      ...more,
    });
    clients.push(made);
    return made;
  };
  const keyOf = (project: ProjectId): Credentials => {
    const { id, secret } = pairOf(project);
    return { accessKeyId: id, secretAccessKey: secret };
  };
  return {
    ...under,
    url: urlOf(under.project),
    client,
    keyOf,
    /** by their token, of this project */
    credentialsOf: (sessionToken: string, project = under.project): Credentials => ({
      accessKeyId: project,
      secretAccessKey: anonKeyOf(project),
      sessionToken,
    }),
    ownerClient: (more?: S3ClientConfig) => client(keyOf(under.project), under.project, more),
    refused,
    random: (bytes: number) => randomBytes(bytes),
    async close() {
      for (const each of clients) each.destroy();
      await server.stop(0);
      await under.close();
    },
  };
}

/** its status and its name */
export const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    ({ name, $metadata }: { name: string; $metadata?: { httpStatusCode?: number } }) =>
      `${$metadata?.httpStatusCode} ${name}`,
  );
