/** The Docker runtime on the run's engine, behind a real pooler, for tests. */
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { PgbouncerConnectionPools } from '../pgbouncer/pgbouncer-connection-pools.ts';
import { childDoors } from './doors.ts';
import { clusterAddress } from './server.ts';
import { servedRows, testProjects } from './projects.ts';
import { findPgbouncer, findPostgrest } from '../process/binaries.ts';
import { quietLog, testFolder } from './folder.ts';
import { testPort } from './port.ts';
import { ensureNetwork } from '../docker/container-network.ts';
import { containerName, LABELS } from '../docker/container-template.ts';
import { DockerDataApis, type DockerDataApisOptions } from '../docker/docker-data-apis.ts';
import { DockerEngine } from '../docker/docker-engine.ts';
import { ensureImage } from '../docker/postgrest-image.ts';

const IMAGE = 'postgrest/postgrest:v14.15';

/** @param host the way to `direct`, such as a proxy. @param direct the engine's own; default: the run's */
export async function dockerRuntime(host?: string, direct = new DockerEngine(inject('dockerHost'))) {
  const folder = await testFolder();
  const binary = await findPgbouncer('');
  if (binary === undefined) throw new Error('PgBouncer is not installed');
  const engine = new DockerEngine(host ?? direct.host);
  const imageId = await ensureImage({
    engine,
    wanted: IMAGE,
    binary: () => findPostgrest(undefined),
    log: quietLog,
  });
  const network = await ensureNetwork(engine, {
    name: `launchdb-test-${randomBytes(4).toString('hex')}`,
    sealed: true,
  });
  const pools = new PgbouncerConnectionPools({
    program: { binary, logFile: join(folder.path, 'pgbouncer.log') },
    port: await testPort(),
    folder: folder.path,
    servers: new Map([[MAIN_SERVER, clusterAddress()]]),
    adminPassword: 'secret',
    user: folder.user,
    log: quietLog,
    doors: await childDoors(folder, network),
  });
  await pools.restore([]);
  const projects = await testProjects((pool) => pools.register(pool));
  const occupied = new Set<ProjectId>();
  const options: DockerDataApisOptions = {
    inUse: (project) => Promise.resolve(occupied.has(project)),
    engine,
    platform: randomBytes(8).toString('hex'),
    imageId,
    network,
    routeOf: () => ({ host: network.gateway, port: pools.port, pooled: true, connections: 8 }),
    release: 'test',
    endWithUs: true,
    log: quietLog,
  };
  const dataApis = await DockerDataApis.create(options);
  const inspect = (project: ProjectId) => engine.docker.getContainer(containerName(project)).inspect();
  return {
    ...projects,
    dataApis,
    options,
    engine,
    network,
    pools,
    inspect,
    rows: (project: ProjectId) => servedRows(dataApis, project),
    occupy(project: ProjectId) {
      occupied.add(project);
      return () => void occupied.delete(project);
    },
    async kill(project: ProjectId) {
      process.kill((await inspect(project)).State.Pid, 'SIGKILL');
    },
    async close() {
      await dataApis.stop();
      // what a test left because it failed
      const left = await direct.containersWith({ [LABELS.platform]: options.platform });
      await Promise.all(left.map(({ Id }) => direct.remove(Id)));
      await direct.docker.getNetwork(network.name).remove();
      await projects.close();
      await pools.stop();
      await folder.remove();
    },
  };
}
