/**
 * What gateways in other processes tell the manager with every question for endpoints: how they use projects, and by
 * which table they send requests. So a project is not taken away while one of them is at work on it or may still send
 * somebody there.
 */
import { createHash } from 'node:crypto';
import type { Endpoint, ProjectTraffic } from '../../application/ports/data-apis.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** Where REST APIs are reached. */
export interface EndpointTable {
  readonly version: string;
  readonly endpoints: Readonly<Record<ProjectId, Endpoint>>;
}

export interface SentByGateway {
  readonly requests: number;
  readonly underWay: number;
}

interface Gateway {
  /** questions that wait for an answer */
  asking: number;
  seenAt: number;
  /** undefined: one that nobody here remembers */
  sendsBy: EndpointTable | undefined;
  told: EndpointTable | undefined;
  sent: ReadonlyMap<ProjectId, SentByGateway>;
}

/** They ask every second; one that does not for so long is gone, and its requests with it. */
const GONE_AFTER_MS = 10_000;
/** those that were there before us have asked by then */
const KNOWN_AFTER_MS = 2_000;
const MOST_GATEWAYS = 64;

export class RemoteGateways implements ProjectTraffic {
  readonly #gateways = new Map<string, Gateway>();
  readonly #startedAt: number;
  readonly #now: () => number;

  /** @param now milliseconds that only go forward */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#startedAt = now();
  }

  /**
   * A gateway asks for endpoints.
   * @param after the version of the table that it sends requests by
   * @returns to be called with the answer, once; undefined: it was not there any more to take it
   */
  asks(
    id: string,
    after: string,
    sent: ReadonlyMap<ProjectId, SentByGateway>,
    current: EndpointTable,
  ): (told: EndpointTable | undefined) => void {
    const known = this.#gateways.get(id);
    const sendsBy = [current, known?.told, known?.sendsBy].find((table) => table?.version === after);
    const gateway = known ?? { asking: 0, seenAt: 0, sendsBy: undefined, told: undefined, sent };
    Object.assign(gateway, { sendsBy, sent, seenAt: this.#now(), asking: gateway.asking + 1 });
    // the one that was heard of last is the last one
    this.#gateways.delete(id);
    this.#gateways.set(id, gateway);
    this.#forgetThoseGone();
    return (told) => {
      gateway.asking--;
      gateway.seenAt = this.#now();
      if (told) gateway.told = told;
    };
  }

  /** Whether one of them may send a request there that it has not told of yet. */
  maySend(project: ProjectId): boolean {
    if (this.#now() - this.#startedAt < KNOWN_AFTER_MS) return true;
    return this.#present().some(({ sendsBy }) => !sendsBy || Object.hasOwn(sendsBy.endpoints, project));
  }

  /** whether there is one */
  get any(): boolean {
    return this.#present().length > 0;
  }

  projects(): Iterable<ProjectId> {
    return new Set(this.#present().flatMap(({ sent }) => [...sent.keys()]));
  }

  requests(project: ProjectId): number {
    return this.#sum(project, ({ requests }) => requests);
  }

  underWay(project: ProjectId): number {
    return this.#sum(project, ({ underWay }) => underWay);
  }

  #sum(project: ProjectId, of: (sent: SentByGateway) => number): number {
    return this.#present().reduce((sum, { sent }) => {
      const one = sent.get(project);
      return sum + (one ? of(one) : 0);
    }, 0);
  }

  #present(): Gateway[] {
    return [...this.#gateways.values()].filter((gateway) => !this.#isGone(gateway));
  }

  #forgetThoseGone(): void {
    for (const [id, gateway] of this.#gateways) {
      if (this.#isGone(gateway) || this.#gateways.size > MOST_GATEWAYS) this.#gateways.delete(id);
    }
  }

  #isGone({ asking, seenAt }: Gateway): boolean {
    return asking === 0 && this.#now() - seenAt > GONE_AFTER_MS;
  }
}

export function endpointTable(running: ReadonlyMap<ProjectId, Endpoint>): EndpointTable {
  const endpoints = Object.fromEntries(running) as EndpointTable['endpoints'];
  const version = createHash('sha256').update(JSON.stringify(endpoints)).digest('hex').slice(0, 16);
  return { version, endpoints };
}
