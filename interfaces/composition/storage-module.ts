/** The storage service: the files of all projects, in one process. */
import { ContainerModule, type ContainerModuleLoadOptions } from 'inversify';
import { knownTokens } from '../../application/known-tokens.ts';
import { JoseUserTokens } from '../../infrastructure/crypto/jose-user-tokens.ts';
import { poolerAnswers } from '../../infrastructure/pgbouncer/pooler-answers.ts';
import { s3Protocol } from '../s3/s3-protocol.ts';
import { callerAuthentication } from '../storage/authenticate-caller.ts';
import { countedEndpoints, countedErrors } from '../storage/count-answers.ts';
import { orInternal, orProblem } from '../storage/internal-callers.ts';
import { projectFilesEndpoints } from '../storage/project-files-endpoints.ts';
import { rawProtocols } from '../storage/raw-protocols.ts';
import { StorageBounds } from '../storage/storage-bounds.ts';
import { storageEndpoints } from '../storage/storage-endpoints.ts';
import { storageErrorBody } from '../storage/storage-error-body.ts';
import { MOST_UPLOAD_MS } from '../storage/upload-bounds.ts';
import { verifyEndpoint } from '../storage/verify-endpoint.ts';
import { aboutServer } from './log-server.ts';
import { needs } from './needs.ts';
import { serverPart } from './server-part.ts';
import { ownWay } from './tenant-connections-module.ts';
import { PARTS, TOKENS } from './tokens.ts';

type Bind = ContainerModuleLoadOptions['bind'];

export const storageModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.storage).toResolvedValue(
    ...needs(
      {
        directory: TOKENS.storageDirectory,
        bytes: TOKENS.objectStore,
        links: TOKENS.signedLinks,
        spool: TOKENS.uploadSpool,
        images: TOKENS.images,
        clock: TOKENS.clock,
        ids: TOKENS.ids,
      },
      (dependencies) => dependencies,
    ),
  );
  bindService(bind);
});

function bindService(bind: Bind): void {
  bind(PARTS.storage).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        internalKeys: TOKENS.internalKeys,
        machine: TOKENS.machine,
        pooler: TOKENS.pooler,
        projects: TOKENS.storageProjects,
        storage: TOKENS.storage,
        files: TOKENS.projectFiles,
        clock: TOKENS.clock,
        store: TOKENS.store,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
        tracing: TOKENS.tracing,
      },
      ({
        config,
        internalKeys,
        machine,
        pooler,
        projects,
        storage,
        files,
        clock,
        store,
        log,
        metrics,
        tracing,
      }) => {
        const [tokens, bounds] = [new JoseUserTokens(clock), new StorageBounds()];
        const s3 = { ...storage, projects, tokens, bounds, metrics: metrics.storage, log };
        return serverPart({
          name: 'storage',
          port: config.STORAGE_PORT,
          portVariable: 'STORAGE_PORT',
          host: config.LISTEN_HOST,
          endpoints: [
            ...countedEndpoints(storageEndpoints({ version: '0.1.0', storage }), metrics.storage),
            ...projectFilesEndpoints({ store, files }),
            verifyEndpoint(storage),
          ],
          authenticate: orInternal(callerAuthentication(projects, knownTokens(tokens, clock)), internalKeys),
          errorBody: orProblem(countedErrors(storageErrorBody, metrics.storage)),
          fallback: rawProtocols([s3Protocol(s3)]),
          log,
          ready: async () => ({
            log: `${await told(store.head().then(() => true))}${aboutServer(store.server?.standing())}`,
            ...(pooler && { pooler: await told(poolerAnswers(ownWay(machine, pooler))) }),
            files: await told(anyOf(storage.bytes.projects())),
          }),
          metrics,
          tracing,
          internalKeys,
          bounds,
          trustedProxies: config.TRUSTED_PROXIES,
          limits: { requestTimeoutMs: MOST_UPLOAD_MS },
        });
      },
    ),
  );
}

/** Whether it answers: the first of them, or that there is none. */
async function anyOf(list: AsyncIterable<unknown>): Promise<true> {
  for await (const _ of list) break;
  return true;
}

const told = (answers: Promise<boolean>): Promise<string> =>
  answers.then(
    (yes) => (yes ? 'ok' : 'does not answer'),
    () => 'does not answer',
  );
