export { ensureProgram } from '../../infrastructure/process/install-program.ts';
export { PG_DUMP, PGBOUNCER } from '../../infrastructure/process/system-programs.ts';
