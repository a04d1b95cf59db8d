import { describe, expect, test } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import { Refused } from '../errors.ts';
import type { S3KeyVault } from './s3-keys.ts';

/** @param make with a master key of its own each time */
export function s3KeysContract(adapter: string, make: () => S3KeyVault): void {
  const project = projectId('proj_0123456789abcdef');
  const other = projectId('proj_fedcba9876543210');

  describe(`S3 access keys: ${adapter}`, () => {
    test('a key is as clients of S3 expect one, and no two are the same', () => {
      const vault = make();
      const [one, two] = [vault.make(), vault.make()];
      expect(one.id).toMatch(/^[A-Z0-9]{20}$/);
      expect(one.secret).toMatch(/^[A-Za-z0-9_-]{40,}$/);
      expect(new Set([one.id, two.id, one.secret, two.secret]).size).toBe(4);
    });

    test('what was sealed opens for its project and key alone, under the same master key', () => {
      const vault = make();
      const [key, another] = [vault.make(), vault.make()];
      const sealed = vault.seal(project, key);
      expect(vault.open(project, key.id, sealed)).toEqual(key);
      expect(JSON.stringify(sealed)).not.toContain(key.secret);
      // of its first byte one bit, so that it is another one whatever it was
      const bytes = Buffer.from(sealed.ciphertext, 'base64');
      bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
      const altered = { ...sealed, ciphertext: bytes.toString('base64') };
      for (const open of [
        () => vault.open(other, key.id, sealed),
        () => vault.open(project, another.id, sealed),
        () => vault.open(project, key.id, altered),
        () => vault.open(project, key.id, { ...sealed, keyVersion: 99 }),
        () => make().open(project, key.id, sealed),
      ])
        expect(open).toThrow(Refused);
    });
  });
}
