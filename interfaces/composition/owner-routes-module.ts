import { ContainerModule } from 'inversify';
import { AesEmailVault } from '../../infrastructure/crypto/aes-email-vault.ts';
import { derivedKey } from '../../infrastructure/crypto/aes-secrets.ts';
import { Argon2Passwords } from '../../infrastructure/crypto/argon2-passwords.ts';
import { JoseTokens } from '../../infrastructure/crypto/jose-tokens.ts';
import { PostgresOwnerAccounts } from '../../infrastructure/postgres/postgres-owner-accounts.ts';
import { MemoryRateLimits } from '../../infrastructure/rate-limiter/memory-rate-limits.ts';
import { ownerEndpoints } from '../platform-api/owners.ts';
import { TOKENS } from './tokens.ts';

export const ownerRoutesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.ownerTokens).toResolvedValue(
    ({ directory }, clock) => new JoseTokens(derivedKey(directory.masterKey, 'owner-access-tokens'), clock),
    [TOKENS.machine, TOKENS.clock],
  );
  bind(TOKENS.routes).toResolvedValue(
    ({ rateLimits = {} }, { directory }, store, ids, clock, pool, tokens) =>
      ownerEndpoints({
        store,
        ids,
        clock,
        tokens,
        accounts: new PostgresOwnerAccounts(pool),
        vault: new AesEmailVault(derivedKey(directory.masterKey, 'owner-vault')),
        passwords: new Argon2Passwords(),
        limits: new MemoryRateLimits(rateLimits),
      }),
    [
      TOKENS.options,
      TOKENS.machine,
      TOKENS.store,
      TOKENS.ids,
      TOKENS.clock,
      TOKENS.platformPool,
      TOKENS.ownerTokens,
    ],
  );
});
