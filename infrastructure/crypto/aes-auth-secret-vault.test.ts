import { randomBytes } from 'node:crypto';
import { authSecretVaultContract } from '../../application/ports/auth-secret-vault.contract.ts';
import { AesAuthSecretVault } from './aes-auth-secret-vault.ts';

authSecretVaultContract('aes', () => new AesAuthSecretVault(randomBytes(32)));
