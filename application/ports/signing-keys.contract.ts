import { describe, expect, test } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import { SIGNING_ALGORITHMS } from '../../domain/project/public-key.ts';
import { Refused } from '../errors.ts';
import type { SigningKeyVault } from './signing-keys.ts';

const mine = projectId('proj_0000000000000001');
const other = projectId('proj_0000000000000002');

/** @param make each call gives an adapter with another master key */
export function signingKeysContract(adapter: string, make: () => SigningKeyVault): void {
  describe(`${adapter}: keys that sign users' tokens`, () => {
    const vault = make();

    test.each(SIGNING_ALGORITHMS)(
      'of %s: everybody may see the public half, nobody the other',
      async (alg) => {
        const key = await vault.make(mine, alg);
        const kty = alg === 'ES256' ? 'EC' : 'RSA';
        expect(key.publicKey).toMatchObject({ alg, kty, use: 'sig' });
        expect(key.publicKey.kid).toMatch(/^[\w-]{43}$/);
        const opened = vault.open(mine, key);
        expect([opened.kid, opened.alg, opened.jwk['kty']]).toEqual([key.publicKey.kid, alg, kty]);
        const told = JSON.stringify(key) + Buffer.from(key.sealed.ciphertext, 'base64').toString('latin1');
        for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi']) {
          expect(key.publicKey).not.toHaveProperty(secret);
          if (opened.jwk[secret]) expect(told).not.toContain(opened.jwk[secret]);
        }
        expect(opened.jwk['d']).toBeTruthy();
        expect((await vault.make(mine, alg)).publicKey.kid).not.toBe(key.publicKey.kid);
      },
    );

    test('another project, another master key, the place of another key or a changed byte open nothing', async () => {
      const [key, second] = [await vault.make(mine, 'ES256'), await vault.make(mine, 'ES256')];
      const altered = Buffer.from(key.sealed.ciphertext, 'base64');
      altered.writeUInt8((altered.at(-1) ?? 0) ^ 1, altered.length - 1);
      for (const open of [
        () => vault.open(other, key),
        () => make().open(mine, key),
        () => vault.open(mine, { ...key, sealed: second.sealed }),
        () => vault.open(mine, { ...key, sealed: { ...key.sealed, keyVersion: 2 } }),
        () => vault.open(mine, { ...key, sealed: { keyVersion: 1, ciphertext: altered.toString('base64') } }),
      ])
        expect(open).toThrow(Refused);
    });
  });
}
