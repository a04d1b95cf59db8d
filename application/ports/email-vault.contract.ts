import { describe, expect, test } from 'vitest';
import { Refused } from '../errors.ts';
import type { EmailVault } from './email-vault.ts';

const OWNER = 'own_0123456789abcdef';
const STRANGER = 'own_ffffffffffffffff';
const EMAIL = 'zoë@example.org';

/** What every adapter of the port must do. `make` gives one with a master key of its own. */
export function emailVaultContract(name: string, make: () => EmailVault): void {
  describe(`e-mail vault: ${name}`, () => {
    const vault = make();
    const key = vault.issueKey(OWNER);
    const sealed = vault.seal(OWNER, key, EMAIL);

    test('what was sealed opens, and shows nothing until then', () => {
      expect(vault.open(OWNER, key, sealed)).toBe(EMAIL);
      expect(sealed).not.toContain('example');
      expect(vault.seal(OWNER, key, EMAIL)).not.toBe(sealed);
    });

    test('it opens with no other key, owner or master key', () => {
      expect(() => vault.open(OWNER, vault.issueKey(OWNER), sealed)).toThrow(Refused);
      expect(() => vault.open(STRANGER, key, sealed)).toThrow(Refused);
      expect(() => vault.open(OWNER, vault.issueKey(STRANGER), sealed)).toThrow(Refused);
      expect(() => make().open(OWNER, key, sealed)).toThrow(Refused);
    });

    test('altered, cut or foreign text is refused', () => {
      const middle = Math.floor(sealed.length / 2);
      const other = sealed[middle] === 'A' ? 'B' : 'A';
      const altered = sealed.slice(0, middle) + other + sealed.slice(middle + 1);
      for (const text of [altered, sealed.slice(0, 10), '', 'v1.', `v9.${sealed.slice(3)}`, EMAIL]) {
        expect(() => vault.open(OWNER, key, text)).toThrow(Refused);
      }
      expect(() => vault.open(OWNER, key.subarray(1), sealed)).toThrow(Refused);
      expect(() => vault.open(OWNER, new Uint8Array(), sealed)).toThrow(Refused);
    });
  });
}
