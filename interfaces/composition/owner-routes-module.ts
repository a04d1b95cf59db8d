import { ContainerModule } from 'inversify';
import { AesEmailVault } from '../../infrastructure/crypto/aes-email-vault.ts';
import { derivedKey } from '../../infrastructure/crypto/aes-secrets.ts';
import { JoseTokens } from '../../infrastructure/crypto/jose-tokens.ts';
import { PostgresOwnerAccounts } from '../../infrastructure/postgres/postgres-owner-accounts.ts';
import { PostgresPersonalTokens } from '../../infrastructure/postgres/postgres-personal-tokens.ts';
import { PostgresTurns } from '../../infrastructure/postgres/postgres-turns.ts';
import { MemoryRateLimits } from '../../infrastructure/rate-limiter/memory-rate-limits.ts';
import { projectList } from '../../projections/project-list/project-list.ts';
import { countProjects } from '../../projections/project-list/queries.ts';
import { ownerEndpoints } from '../platform-api/owners.ts';
import { sessionEndpoints } from '../platform-api/session.ts';
import { tokenEndpoints } from '../platform-api/tokens.ts';
import { needs } from './needs.ts';
import { TOKENS } from './tokens.ts';

const VIEW_WITHIN_MS = 5_000;

export const ownerRoutesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.ownerTokens).toResolvedValue(
    ({ directory }, clock) => new JoseTokens(derivedKey(directory.masterKey, 'owner-access-tokens'), clock),
    [TOKENS.machine, TOKENS.clock],
  );
  bind(TOKENS.ownerAccounts).toResolvedValue(
    (pool) => new PostgresOwnerAccounts(pool),
    [TOKENS.platformPool],
  );
  bind(TOKENS.routes).toResolvedValue(
    ...needs(
      {
        options: TOKENS.options,
        machine: TOKENS.machine,
        store: TOKENS.store,
        ids: TOKENS.ids,
        clock: TOKENS.clock,
        pool: TOKENS.platformPool,
        accounts: TOKENS.ownerAccounts,
        tokens: TOKENS.ownerTokens,
        passwords: TOKENS.passwords,
        checkpoints: TOKENS.checkpoints,
        publicUrl: TOKENS.publicUrl,
      },
      ({
        options: { config, rateLimits = {} },
        machine: { directory },
        store,
        ids,
        clock,
        pool,
        accounts,
        tokens,
        passwords,
        checkpoints,
        publicUrl,
      }) => {
        const logIn = {
          store,
          ids,
          clock,
          tokens,
          accounts,
          vault: new AesEmailVault(derivedKey(directory.masterKey, 'owner-vault')),
          passwords,
          // one for both ways of logging in
          limits: new MemoryRateLimits(rateLimits),
          turns: new PostgresTurns(pool),
          signUpMode: config.SIGNUP,
        };
        const projectsOf = async (ownerId: string) => {
          await checkpoints.waitFor(projectList.name, await store.head(), VIEW_WITHIN_MS);
          return countProjects(pool, ownerId);
        };
        return [...ownerEndpoints({ ...logIn, projectsOf }), ...sessionEndpoints({ ...logIn, publicUrl })];
      },
    ),
  );
});

export const personalTokenRoutesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.personalTokens).toResolvedValue(
    (pool) => new PostgresPersonalTokens(pool),
    [TOKENS.platformPool],
  );
  bind(TOKENS.routes).toResolvedValue(
    ...needs(
      {
        store: TOKENS.store,
        ids: TOKENS.ids,
        clock: TOKENS.clock,
        tokens: TOKENS.ownerTokens,
        personalTokens: TOKENS.personalTokens,
      },
      ({ store, ids, clock, tokens, personalTokens }) =>
        tokenEndpoints({ store, ids, clock, tokens, personalTokens }),
    ),
  );
});
