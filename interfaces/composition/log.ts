export { pinoLog } from '../../infrastructure/observability/pino-log.ts';
