/** Traces, where somebody collects them; otherwise nothing of OpenTelemetry is even loaded. */
import { ContainerModule } from 'inversify';
import type { Log } from '../../application/ports/log.ts';
import { NO_TRACING, type Tracing } from '../../application/ports/tracing.ts';
import { ROLES, type Config } from '../config.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const tracingModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.tracing).toResolvedValue(tracing, [TOKENS.config, TOKENS.log]);
  bind(PARTS.tracing).toResolvedValue(
    (tracing) => ({
      name: 'tracing',
      start: () => Promise.resolve(),
      stop: () => tracing.stop(),
      // a collector that is away keeps nobody from stopping
      stopWithinMs: 2_000,
    }),
    [TOKENS.tracing],
  );
});

async function tracing(config: Config, log: Log): Promise<Tracing> {
  if (config.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return NO_TRACING;
  const { OtelTracing } = await import('../../infrastructure/observability/otel-tracing.ts');
  const { OTEL_SERVICE_NAME: serviceName = serviceNameOf(config), OTEL_TRACES_SAMPLER_ARG: share } = config;
  return new OtelTracing({ serviceName, share, log });
}

/** `launchdb-gateway`: of several processes each tells what it is. */
const serviceNameOf = ({ LAUNCHDB_ROLES: roles }: Config): string =>
  ROLES.every((role) => roles.includes(role)) ? 'launchdb' : `launchdb-${roles.join('-')}`;
