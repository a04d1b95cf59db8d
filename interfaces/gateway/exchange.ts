/** A request that is to be answered by an upstream, and what all that go by one route share. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dependency } from '../../application/errors.ts';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import type { Log } from '../../application/ports/log.ts';
import type { HeaderList } from './headers.ts';
import type { Laggards } from './laggards.ts';
import type { GatewayLimits } from './limits.ts';
import type { GatewayProblem } from './problem.ts';
import type { Treatment } from './treat-answer.ts';
import type { Upstreams } from './upstreams.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly headers: HeaderList;
  /** its body is in gzip, and the upstream shall have it without */
  readonly inflate?: boolean;
  /** the upstream's headers as the client gets them */
  answerHeaders(list: HeaderList): string[];
  /** what becomes of the answer on its way; default: it goes on as it is */
  readonly treatment?: Treatment;
  /** answers in the upstream's place; called at most once, and only when nothing has been sent */
  fail(problem: GatewayProblem): void;
}

export interface Way {
  readonly service: Dependency;
  readonly limits: GatewayLimits;
  readonly log: Log;
  readonly laggards: Laggards;
  readonly upstreams: Upstreams;
  /** connections to each upstream, at most */
  readonly sockets: number;
  /** requests that have one or wait for one, by upstream */
  readonly underWay: Map<string, number>;
}
