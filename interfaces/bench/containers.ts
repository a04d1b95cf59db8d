/** A platform whose REST APIs are in containers, and the bare sum there: a copy of the template, and `docker run` of PostgREST. */
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectId } from '../../domain/project/project-id.ts';
import { ensureNetwork } from '../../infrastructure/docker/container-network.ts';
import { containerName } from '../../infrastructure/docker/container-template.ts';
import { DockerEngine } from '../../infrastructure/docker/docker-engine.ts';
import { startDockerd } from '../../infrastructure/testing/dockerd.ts';
import type { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import { engineAnswers } from '../composition/prerequisites.ts';
import { readConfig } from '../config.ts';
import { httpStatus } from './http-status.ts';
import type { Context } from './section.ts';

const NETWORK = 'launchdb-bench';
const ADMIN_PORT = 3001;
const READY_WITHIN_MS = 60_000;

/** The engine that DOCKER_HOST names, or one of the bench's own where none answers. */
const engineOf = (context: Context) =>
  context.share('Docker', async () => {
    const given = readConfig().DOCKER_HOST;
    const own = (await engineAnswers(given)) ? undefined : await startDockerd({ filters: true });
    const engine = new DockerEngine(own?.host ?? given);
    return {
      engine,
      async close() {
        await engine.docker
          .getNetwork(NETWORK)
          .remove()
          .catch(() => {});
        await own?.close();
      },
    };
  });

export interface ContainerPlatform {
  readonly platform: PlatformUnderTest;
  readonly engine: DockerEngine;
  isAwake(id: string): Promise<boolean>;
}

export async function containerPlatform(
  context: Context,
  more: Readonly<Record<string, string>> = {},
): Promise<ContainerPlatform> {
  const { engine } = await engineOf(context);
  const variables = { LAUNCHDB_RUNTIME: 'docker', DOCKER_HOST: engine.host, DOCKER_NETWORK: NETWORK };
  const platform = await context.platform({ ...variables, ...more });
  const isAwake = async (id: string) => (await engine.inspect(containerName(projectId(id)))) !== undefined;
  return { platform, engine, isAwake };
}

/** Runs bare containers of the image that this project's container has. @returns starts one on a database */
export async function bareContainers(
  context: Context,
  { platform, engine }: ContainerPlatform,
  project: string,
): Promise<(database: string) => Promise<void>> {
  const image = (await engine.inspect(containerName(projectId(project))))?.Image ?? '';
  const { gateway } = await ensureNetwork(engine, { name: NETWORK, sealed: false });
  const { user, password, port } = platform.superuser();
  const relay = await relayTo(context, Number(port), gateway);
  const made: string[] = [];
  context.atEnd(() =>
    Promise.all(made.map((id) => engine.docker.getContainer(id).remove({ force: true, v: true }))),
  );
  return async (database) => {
    const container = await engine.docker.createContainer({
      Image: image,
      Entrypoint: ['postgrest'],
      Env: [
        `PGRST_DB_URI=postgres://${user}:${encodeURIComponent(String(password))}@${gateway}:${relay}/${database}`,
        'PGRST_DB_SCHEMAS=public',
        'PGRST_DB_ANON_ROLE=postgres',
        'PGRST_DB_CHANNEL_ENABLED=false',
        'PGRST_SERVER_HOST=*4',
        `PGRST_ADMIN_SERVER_PORT=${ADMIN_PORT}`,
      ],
      HostConfig: { NetworkMode: NETWORK },
    });
    made.push(container.id);
    await container.start();
    const { NetworkSettings } = await container.inspect();
    const host = NetworkSettings.Networks[NETWORK]?.IPAddress ?? '';
    const deadline = performance.now() + READY_WITHIN_MS;
    while ((await httpStatus({ host, port: ADMIN_PORT }, '/ready')) !== 200) {
      if (performance.now() > deadline) throw new Error('a bare container does not get ready');
      await sleep(2);
    }
  };
}

/** PostgreSQL listens on this machine alone; containers see it at their network's gateway. @returns the port there */
async function relayTo(context: Context, port: number, host: string): Promise<number> {
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  server.listen(0, host);
  await once(server, 'listening');
  context.atEnd(() => server.close());
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}
