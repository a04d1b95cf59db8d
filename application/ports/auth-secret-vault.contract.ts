import { describe, expect, test } from 'vitest';
import { NO_AUTH_SECRETS, type AuthSecrets } from '../../domain/auth/auth-settings.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { Refused } from '../errors.ts';
import type { AuthSecretVault } from './auth-secret-vault.ts';

const mine = projectId('proj_0000000000000001');
const other = projectId('proj_0000000000000002');
const secrets: AuthSecrets = {
  smtpPassword: 'hunter2 with ümlaut',
  captchaSecret: null,
  hookSecrets: { beforeUserCreated: `whsec_${'A'.repeat(32)}`, customAccessToken: null },
  providerSecrets: { google: 'GOCSPX-client' },
};

/** What every adapter of the port must do. `make` gives one with a master key of its own. */
export function authSecretVaultContract(name: string, make: () => AuthSecretVault): void {
  describe(`auth secret vault: ${name}`, () => {
    const vault = make();
    const sealed = vault.seal(mine, secrets);

    test('what was sealed opens again, and the seal shows nothing of it', () => {
      expect(vault.open(mine, sealed)).toEqual(secrets);
      expect(vault.open(mine, vault.seal(mine, NO_AUTH_SECRETS))).toEqual(NO_AUTH_SECRETS);
      const plain = Buffer.from(sealed.ciphertext, 'base64').toString('latin1');
      for (const part of ['hunter2', 'whsec_', 'GOCSPX', 'smtpPassword']) expect(plain).not.toContain(part);
      expect(vault.seal(mine, secrets)).not.toEqual(sealed);
    });

    test('another project, another master key or a changed byte open nothing, and the refusal tells nothing', () => {
      const tries = [
        () => vault.open(other, sealed),
        () => make().open(mine, sealed),
        () => vault.open(mine, { ...sealed, keyVersion: 2 }),
        () => vault.open(mine, { ...sealed, ciphertext: '' }),
        ...[0, 14, -1].map((at) => () => {
          const bytes = Buffer.from(sealed.ciphertext, 'base64');
          bytes.writeUInt8((bytes.at(at) ?? 0) ^ 1, at < 0 ? bytes.length + at : at);
          return vault.open(mine, { ...sealed, ciphertext: bytes.toString('base64') });
        }),
      ];
      for (const open of tries) {
        expect(open).toThrow(Refused);
        expect(open).not.toThrow(/hunter2/);
      }
    });
  });
}
