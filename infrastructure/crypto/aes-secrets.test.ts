import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { secretsContract } from '../../application/ports/secrets.contract.ts';
import { AesSecrets } from './aes-secrets.ts';

secretsContract('AES-256-GCM', (logins, masterKey = randomBytes(32)) => new AesSecrets(masterKey, logins));

test('the login that people use is slow to guess; those of our own programs are quick to log in', async () => {
  const { logins } = await new AesSecrets(randomBytes(32)).issue();
  const iterations = Object.entries(logins).map(([name, login]) => [name, login?.verifier.split(/[$:]/)[1]]);
  expect(Object.fromEntries(iterations)).toEqual({
    owner: '4096',
    authenticator: '1',
    auth: '1',
    storage: '1',
  });
});
