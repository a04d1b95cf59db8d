import { beforeAll, describe, expect, test } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import { Refused } from '../errors.ts';
import type { ProjectSecrets, Secrets } from './secrets.ts';

const mine = projectId('proj_0000000000000001');
const other = projectId('proj_0000000000000002');

/** @param make each call gives an adapter with another master key */
export function secretsContract(name: string, make: () => Secrets): void {
  describe(`${name}: secrets`, () => {
    const secrets = make();
    let issued: ProjectSecrets;
    beforeAll(async () => {
      issued = await secrets.issue();
    });

    test('what was sealed opens again, and the seal shows nothing of it', () => {
      const sealed = secrets.seal(mine, issued);
      expect(secrets.open(mine, sealed)).toEqual(issued);
      const plain = Buffer.from(sealed.ciphertext, 'base64').toString('latin1');
      for (const secret of [issued.jwtSecret, issued.owner.password]) expect(plain).not.toContain(secret);
      expect(secrets.seal(mine, issued)).not.toEqual(sealed);
    });

    test('another project, another key or a changed byte open nothing', () => {
      const sealed = secrets.seal(mine, issued);
      expect(() => secrets.open(other, sealed)).toThrow(Refused);
      expect(() => make().open(mine, sealed)).toThrow(Refused);
      expect(() => secrets.open(mine, { ...sealed, keyVersion: 2 })).toThrow(Refused);
      for (const at of [0, 20, -1]) {
        const bytes = Buffer.from(sealed.ciphertext, 'base64');
        bytes.writeUInt8((bytes.at(at) ?? 0) ^ 1, at < 0 ? bytes.length + at : at);
        expect(() => secrets.open(mine, { ...sealed, ciphertext: bytes.toString('base64') })).toThrow(
          Refused,
        );
      }
      expect(() => secrets.open(mine, { ...sealed, ciphertext: '' })).toThrow(Refused);
    });

    test('every project gets secrets of its own, strong enough for HS256', async () => {
      const again = await secrets.issue();
      expect(again.jwtSecret).not.toBe(issued.jwtSecret);
      expect(again.owner.password).not.toBe(again.authenticator.password);
      expect(Buffer.byteLength(again.jwtSecret)).toBeGreaterThanOrEqual(32);
    });

    test('API keys are the same each time they are asked for', async () => {
      const keys = await secrets.apiKeys(mine, issued, new Date(0));
      expect(await secrets.apiKeys(mine, issued, new Date(0))).toEqual(keys);
      const claims = (token: string) =>
        JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
      expect(claims(keys.anonKey)).toMatchObject({ role: 'anon', ref: mine, iss: 'launchdb', iat: 0 });
      expect(claims(keys.serviceRoleKey)).toMatchObject({ role: 'service_role', ref: mine });
    });
  });
}
