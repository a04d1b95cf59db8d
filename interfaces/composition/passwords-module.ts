/** Passwords of owners and of projects' users: what they cost is counted once in a process, whoever asks. */
import { ContainerModule } from 'inversify';
import type { Passwords } from '../../application/ports/passwords.ts';
import { Argon2Passwords, hashesAtOnce } from '../../infrastructure/crypto/argon2-passwords.ts';
import type { Config } from '../config.ts';
import type { Collector, Metrics } from '../http/metrics.ts';
import { TOKENS } from './tokens.ts';

export const passwordsModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.passwords).toResolvedValue(
    (config, metrics) => {
      const passwords = passwordsOf(config);
      metrics.collectFrom(load(metrics, passwords));
      return passwords;
    },
    [TOKENS.config, TOKENS.metrics],
  );
});

function passwordsOf({
  AUTH_ARGON2_MEMORY_KIB: memoryKib,
  AUTH_ARGON2_PASSES: passes,
  AUTH_ARGON2_LANES: lanes,
  UV_THREADPOOL_SIZE,
}: Config): Passwords {
  const concurrency = hashesAtOnce(UV_THREADPOOL_SIZE, lanes);
  return new Argon2Passwords({ memoryKib, passes, lanes, concurrency });
}

const load = ({ passwordChecks: { now, refused } }: Metrics, passwords: Passwords): Collector => ({
  name: 'password-checks',
  sets: [now, refused],
  collect() {
    const { running, waiting, refused: times } = passwords.load;
    now.set({ state: 'running' }, running);
    now.set({ state: 'waiting' }, waiting);
    refused.inc(times);
    return Promise.resolve();
  },
});
