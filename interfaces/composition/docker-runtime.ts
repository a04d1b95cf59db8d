/** LAUNCHDB_RUNTIME=docker: the engine, the containers' network, and the data APIs in containers. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManagedConnectionPools } from '../../application/ports/connection-pools.ts';
import type { ManagedDataApis } from '../../application/ports/data-apis.ts';
import type { Log } from '../../application/ports/log.ts';
import { derivedPassword } from '../../infrastructure/crypto/aes-secrets.ts';
import { ensureNetwork, type ContainerNetwork } from '../../infrastructure/docker/container-network.ts';
import { DockerDataApis } from '../../infrastructure/docker/docker-data-apis.ts';
import { DockerEngine } from '../../infrastructure/docker/docker-engine.ts';
import { ensureImage } from '../../infrastructure/docker/postgrest-image.ts';
import type { InUse } from '../../infrastructure/postgrest/retirement.ts';
import { findPostgrest } from '../../infrastructure/process/binaries.ts';
import type { Config } from '../config.ts';
import { givenRoute, routesOfContainers } from './data-api-routes.ts';
import type { Machine } from './machine.ts';
import type { ProjectsServers } from './projects-servers.ts';

export interface ContainerHost {
  readonly engine: DockerEngine;
  readonly network: ContainerNetwork;
}

/** @throws {Refused} no engine answers */
export async function containerHost(config: Config): Promise<ContainerHost> {
  const engine = new DockerEngine(config.DOCKER_HOST);
  await engine.requireAnswer();
  const sealed = givenRoute(config) === undefined && config.DATA_API_DIRECT_HOST === undefined;
  return { engine, network: await ensureNetwork(engine, { name: config.DOCKER_NETWORK, sealed }) };
}

export async function postgrestContainers(
  { engine, network }: ContainerHost,
  config: Config,
  { directory }: Machine,
  servers: ProjectsServers,
  pools: ManagedConnectionPools,
  inUse: InUse,
  log: Log,
): Promise<ManagedDataApis> {
  const wanted = config.POSTGREST_IMAGE;
  return DockerDataApis.create({
    engine,
    platform: derivedPassword(directory.masterKey, 'container-owner').slice(0, 16),
    imageId: await ensureImage({ engine, wanted, binary: () => findPostgrest(undefined), log }),
    network,
    routeOf: routesOfContainers(config, network, servers, pools.enabled, log),
    release: await release(),
    inUse,
    // with a pooler of our own, which ends with us, they would have nothing to talk to
    endWithUs: givenRoute(config) === undefined,
    log,
  });
}

async function release(): Promise<string> {
  const file = join(import.meta.dirname, '..', '..', 'package.json');
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
}
