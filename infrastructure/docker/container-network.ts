/** The network of the projects' containers: found, or made. */
import type Docker from 'dockerode';
import { Refused, unavailable } from '../../application/errors.ts';
import { bounded, codeOf, type DockerEngine } from './docker-engine.ts';

export interface WantedNetwork {
  readonly name: string;
  /** from one that we make only this machine can be reached (where the pooler listens), not the internet */
  readonly sealed: boolean;
  /** of one that was there before: where the pooler listens, and what containers know, stays true */
  readonly gateway?: string;
  readonly subnet?: string;
}

export interface ContainerNetwork extends WantedNetwork {
  /** this machine's address on it */
  readonly gateway: string;
  /** such as `172.18.0.0/16` */
  readonly subnet: string;
}

const MARK = 'launchdb.network';

/**
 * One that is there, as with compose, is used as it is.
 * @throws {Refused} it cannot be used
 */
export async function ensureNetwork(engine: DockerEngine, wanted: WantedNetwork): Promise<ContainerNetwork> {
  const { name, sealed } = wanted;
  const info = (await inspected(engine, name)) ?? (await made(engine, wanted));
  const { Gateway: gateway, Subnet: subnet } = info.IPAM?.Config?.[0] ?? {};
  if (info.Driver === 'bridge' && gateway !== undefined && subnet !== undefined) {
    return { name, sealed, gateway, subnet };
  }
  throw new Refused(
    `the Docker network "${name}" is not a bridge with an address of this machine; remove it, or set DOCKER_NETWORK to another name`,
  );
}

async function inspected(engine: DockerEngine, name: string): Promise<Docker.NetworkInspectInfo | undefined> {
  return bounded<Docker.NetworkInspectInfo>(engine.docker.getNetwork(name).inspect()).catch(
    (error: unknown) => {
      if ((error as { statusCode?: number }).statusCode === 404) return undefined;
      throw unavailable('docker', `have Docker look at the network ${name} (${codeOf(error)})`, error);
    },
  );
}

async function made(
  engine: DockerEngine,
  { name, sealed, subnet, gateway }: WantedNetwork,
): Promise<Docker.NetworkInspectInfo> {
  const creation = engine.docker.createNetwork({
    Name: name,
    CheckDuplicate: true,
    Driver: 'bridge',
    Internal: sealed,
    ...(subnet !== undefined && { IPAM: { Config: [{ Subnet: subnet, Gateway: gateway }] } }),
    // no container has business with another
    Options: { 'com.docker.network.bridge.enable_icc': 'false' },
    Labels: { [MARK]: 'yes' },
  });
  await bounded(creation).catch((error: unknown) => {
    // somebody may have been faster
    if ((error as { statusCode?: number }).statusCode === 409) return;
    throw unavailable('docker', `have Docker make the network ${name} (${codeOf(error)})`, error);
  });
  const info = await inspected(engine, name);
  if (!info) throw unavailable('docker', `find the network ${name} that was just made`);
  return info;
}
