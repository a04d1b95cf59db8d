import { SignJWT, type JWTPayload } from 'jose';
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

    test('a token is judged by who signed it, and by its times', async () => {
      const [mineNow, before, foreign] = ['a', 'b', 'c'].map((text) => text.repeat(64)) as [
        string,
        string,
        string,
      ];
      const sign = (claims: JWTPayload, secret = mineNow, alg = 'HS256') =>
        new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
      const judged = (token: string) => secrets.judge(token, [mineNow, before]);
      const now = Math.floor(new Date().getTime() / 1000);
      const good = [
        await sign({ role: 'anon' }),
        await sign({ sub: 'a user', exp: now + 60 }, before),
        await sign({ exp: now - 5 }),
        await sign({}, mineNow, 'HS512'),
      ];
      for (const token of good) expect(await judged(token)).toBe('good');
      for (const secret of [mineNow, before]) {
        expect(await judged(await sign({ exp: now - 120 }, secret))).toBe('expired');
        expect(await judged(await sign({ nbf: now + 120 }, secret))).toBe('not-yet');
      }
      const [header, claims, signature] = good[0]!.split('.');
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const wrong = [
        await sign({ role: 'anon' }, foreign),
        await sign({ exp: now - 120 }, foreign),
        `${part({ alg: 'none' })}.${claims}.`,
        `${part({ alg: 'none' })}.${claims}.${signature}`,
        `${part({ alg: 'RS256' })}.${claims}.${signature}`,
        `${header}.${part({ role: 'service_role' })}.${signature}`,
        `${header}.${claims}`,
        '',
        'k',
        '..',
        'a.b.c',
        'a.b.c.d.e',
        '\u0000',
      ];
      for (const token of wrong) expect([token, await judged(token)]).toEqual([token, 'wrong']);
      expect(await secrets.judge(good[0]!, [])).toBe('wrong');
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
