export { ensurePgbouncer } from '../../infrastructure/pgbouncer/install-pgbouncer.ts';
