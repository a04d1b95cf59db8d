import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { emailVaultContract } from '../../application/ports/email-vault.contract.ts';
import { AesEmailVault } from './aes-email-vault.ts';

emailVaultContract('aes', () => new AesEmailVault(randomBytes(32)));

test('a key of another length is refused', () => {
  expect(() => new AesEmailVault(randomBytes(16))).toThrow('32 bytes');
});
