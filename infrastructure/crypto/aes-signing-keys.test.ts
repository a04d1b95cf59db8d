import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { signingKeysContract } from '../../application/ports/signing-keys.contract.ts';
import { projectId } from '../../domain/project/project-id.ts';
import type { SigningAlgorithm } from '../../domain/project/public-key.ts';
import { AesSigningKeys } from './aes-signing-keys.ts';

signingKeysContract('aes', () => new AesSigningKeys(randomBytes(32)));

test('however many are asked for, one is made at a time', async () => {
  const vault = new AesSigningKeys(randomBytes(32));
  const made: SigningAlgorithm[] = [];
  const make = async (algorithm: SigningAlgorithm) => {
    await vault.make(projectId('proj_0000000000000001'), algorithm);
    made.push(algorithm);
  };
  await Promise.all([make('RS256'), make('ES256'), make('RS256'), make('ES256')]);
  expect(made).toEqual(['RS256', 'ES256', 'RS256', 'ES256']);
});
