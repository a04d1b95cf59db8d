import type { DataApis, Endpoint } from '../../application/ports/data-apis.ts';
import type { Log } from '../../application/ports/log.ts';
import type { TokenVerdict } from '../../application/ports/secrets.ts';
import type { Tracing } from '../../application/ports/tracing.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ProjectStatus } from '../../domain/project/project.ts';
import type { GatewayLimits } from './limits.ts';
import type { Target } from './route.ts';
import type { ServiceName } from './routes.ts';
import type { Traffic } from './traffic.ts';
import type { Wake } from './wake-queue.ts';

export interface GatewayOptions {
  /** 0: any free port, told by {@link Gateway.port} */
  readonly port: number;
  /** default: all addresses of this machine */
  readonly host?: string;
  /** where the operator says that all of this is to be found; default: where it was asked for */
  readonly publicUrl?: string | undefined;
  readonly platform: Endpoint;
  /** the services of all projects that are there; what is not answers 501 */
  readonly services?: Readonly<Partial<Record<Exclude<ServiceName, 'platform'>, Endpoint>>>;
  readonly dataApis: Pick<DataApis, 'endpoint' | 'refresh'>;
  /** Asked only when a project has no endpoint, to say why. */
  readonly projectState: (project: ProjectId) => Promise<ProjectStatus | 'unknown'>;
  /** Of one that sleeps: what its data API would say to this token. */
  readonly judge: (project: ProjectId, token: string) => Promise<TokenVerdict>;
  /** For a project that sleeps, or seems to. Several gateways may ask at once. */
  readonly wake: Wake;
  /** told of every request of a project */
  readonly traffic?: Traffic;
  readonly log: Log;
  /** default: none */
  readonly tracing?: Tracing;
  readonly limits?: Partial<GatewayLimits>;
  /** who is in front of it and says in X-Forwarded-For whose a request is; default: nobody */
  readonly trustedProxies?: readonly string[];
  /** with it the platform's API is shown that the gateway says whose a request is; default: it is not */
  readonly internalKey?: string;
  /** told of every answer, for metrics */
  readonly onAnswered?: (request: AnsweredRequest) => void;
}

export interface AnsweredRequest {
  readonly method: string;
  /** the kind of its target: never a project, never a path */
  readonly route: Target['kind'];
  readonly status: number;
  readonly durationMs: number;
}
