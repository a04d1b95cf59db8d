import { DockerEngine } from '../../infrastructure/docker/docker-engine.ts';

export { ensureProgram } from '../../infrastructure/process/install-program.ts';
export {
  AWS_CLI,
  CADDY,
  chromiumProgram,
  DOCKER_COMPOSE,
  DOCKERD,
  HAPROXY,
  PG_DUMP,
  PGBOUNCER,
  postgresProgram,
  RCLONE,
} from '../../infrastructure/process/system-programs.ts';

/** @param host as in DOCKER_HOST */
export const engineAnswers = (host: string): Promise<boolean> =>
  new DockerEngine(host).requireAnswer().then(
    () => true,
    () => false,
  );
