/** The containers of a platform under test, on a network of their own. */
import { randomBytes } from 'node:crypto';
import { ensureNetwork } from '../../infrastructure/docker/container-network.ts';
import { DockerEngine } from '../../infrastructure/docker/docker-engine.ts';

export class ContainersUnderTest {
  readonly engine: DockerEngine;
  readonly #network = `launchdb-e2e-${randomBytes(4).toString('hex')}`;

  /** @param host as in DOCKER_HOST */
  constructor(host: string) {
    this.engine = new DockerEngine(host);
  }

  get variables(): Readonly<Record<string, string>> {
    return { LAUNCHDB_RUNTIME: 'docker', DOCKER_HOST: this.engine.host, DOCKER_NETWORK: this.#network };
  }

  /** This machine's address as they see it. */
  async machine(): Promise<string> {
    return (await ensureNetwork(this.engine, { name: this.#network, sealed: false })).gateway;
  }

  /** Names, also of those that do not run, of one project or of all. */
  async names(project?: string): Promise<string[]> {
    return (await this.#all(labelsOf(project))).map(nameOf);
  }

  /** Names of those that run. */
  async running(project?: string): Promise<string[]> {
    return (await this.#all(labelsOf(project))).filter(({ State }) => State === 'running').map(nameOf);
  }

  async kill(project?: string): Promise<void> {
    for (const name of await this.running(project)) await this.engine.signal(name, 'SIGKILL');
  }

  /** Also the network. */
  async close(): Promise<void> {
    for (const container of await this.#all({})) await this.engine.remove(nameOf(container));
    await this.engine.docker
      .getNetwork(this.#network)
      .remove()
      .catch(() => {});
  }

  async #all(labels: Readonly<Record<string, string>>) {
    const found = await this.engine.containersWith(labels);
    return found.filter(({ HostConfig }) => HostConfig.NetworkMode === this.#network);
  }
}

const labelsOf = (project?: string) => (project === undefined ? {} : { 'launchdb.project': project });

const nameOf = ({ Names }: { readonly Names: readonly string[] }): string => (Names[0] ?? '').slice(1);
