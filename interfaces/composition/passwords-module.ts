/** Passwords of owners and of projects' users: what they cost is counted once in a process, whoever asks. */
import { ContainerModule } from 'inversify';
import { Argon2Passwords, hashesAtOnce } from '../../infrastructure/crypto/argon2-passwords.ts';
import { TOKENS } from './tokens.ts';

export const passwordsModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.passwords).toResolvedValue(
    ({
      AUTH_ARGON2_MEMORY_KIB: memoryKib,
      AUTH_ARGON2_PASSES: passes,
      AUTH_ARGON2_LANES: lanes,
      ...config
    }) =>
      new Argon2Passwords({
        memoryKib,
        passes,
        lanes,
        concurrency: hashesAtOnce(config.UV_THREADPOOL_SIZE, lanes),
      }),
    [TOKENS.config],
  );
});
