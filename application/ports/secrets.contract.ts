import {
  decodeJwt,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWTPayload,
} from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import { PROJECT_LOGINS, type ProjectLogin } from '../../domain/project/project-logins.ts';
import type { PublicKey } from '../../domain/project/public-key.ts';
import { Refused } from '../errors.ts';
import type { ProjectSecrets, Secrets } from './secrets.ts';

const mine = projectId('proj_0000000000000001');
const other = projectId('proj_0000000000000002');

const login = (letter: string) => ({ password: letter.repeat(32), verifier: `SCRAM-SHA-256$4096:${letter}` });
const OLD =
  'P2GIRw9xKNAvnCyfWFy490A7gY/58X/RXSrH0Zie4+FZlM9yypbA3ZD8VIzwXTSf3Tiz6G1dL4n/9zPmKPWNv4ZcDN1H15dVXGCz' +
  '+zklOwNbuO6rdr7APcbmhLdh/Q5RRgscAW4/shp43iLiyv2O0EzyENb0Y4ij7iIVJKi1+9tJCEIqHCMrlArYFhSnKZBVMj/n7IfY' +
  '3skvRVDGrYjIw4kWYecdtmSAM/m+7kXomJRwUCODc/yNYTlkEUk/wI2ZeE+jAlPaZXvGCBZG0cuvFpdHBs07I09KWjoUaJ5vxQc6' +
  'XPD3/G85ZRFIlq8xDEmpNqGIbmVBC5I76NpxTsg52NnrgufPoGEuFiapeiE60A4grC7iNkF3igXwImatTMPT4gflZstEb+0=';

/** @param make each call gives an adapter with another master key, unless it is given one */
export function secretsContract(
  name: string,
  make: (logins?: readonly ProjectLogin[], masterKey?: Buffer) => Secrets,
): void {
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
      for (const secret of [issued.jwtSecret, issued.logins.owner.password])
        expect(plain).not.toContain(secret);
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

    test('what an earlier release sealed opens, and is what it was', () => {
      // by the release before there was a table of logins
      const old = { keyVersion: 1, ciphertext: OLD };
      const { jwtSecret, logins } = make(undefined, Buffer.alloc(32, 7)).open(mine, old);
      expect([jwtSecret, logins]).toEqual(['s'.repeat(64), { owner: login('o'), authenticator: login('a') }]);
    });

    test('logins that came with a later version are added, and the seal tells the version', async () => {
      const later = (name: string, since: number) => ({ ...PROJECT_LOGINS[1]!, name, since });
      const key = Buffer.alloc(32, 8);
      const youngest = Math.max(...PROJECT_LOGINS.map(({ since }) => since));
      const [next, last] = [youngest + 1, youngest + 2];
      const [before, after] = [
        make(PROJECT_LOGINS, key),
        make([...PROJECT_LOGINS, later('people', next), later('files', last)], key),
      ];
      const sealed = before.seal(mine, issued);
      expect(sealed.version).toBe(youngest);
      expect(await before.completed(mine, sealed, 99)).toBeUndefined();
      expect(await after.completed(mine, sealed, youngest)).toBeUndefined();
      const [one, both] = [
        await after.completed(mine, sealed, next),
        await after.completed(mine, sealed, last),
      ];
      if (!one || !both) throw new Error('nothing was added');
      expect([one.version, both.version]).toEqual([next, last]);
      const { jwtSecret, logins } = after.open(mine, one);
      const { people, ...others } = logins;
      expect({ jwtSecret, logins: others }).toEqual(issued);
      expect(people?.verifier).toMatch(/^SCRAM-SHA-256\$/);
      expect(people?.password).not.toBe(logins.owner.password);
      expect(await after.completed(mine, one, next)).toBeUndefined();
      expect(() => after.open(mine, { ...one, version: last })).toThrow(Refused);
      expect(() => after.open(mine, { keyVersion: 1, ciphertext: one.ciphertext })).toThrow(Refused);
      // another release may rotate what it does not know
      expect(before.open(mine, before.seal(mine, after.open(mine, both))).logins).toHaveProperty('files');
    });

    test('every project gets secrets of its own, strong enough for HS256', async () => {
      const again = await secrets.issue();
      expect(again.jwtSecret).not.toBe(issued.jwtSecret);
      expect(again.logins.owner.password).not.toBe(again.logins.authenticator.password);
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
      const judged = (token: string) =>
        secrets.judge(token, { jwtSecrets: [mineNow, before], publicKeys: [] });
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
      expect(await secrets.judge(good[0]!, { jwtSecrets: [], publicKeys: [] })).toBe('wrong');
    });

    test('a token that names a public key is judged by that one, and none is taken for a secret', async () => {
      const secret = 'a'.repeat(64);
      const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
      const { x = '', y = '' } = await exportJWK(publicKey);
      const known = { kid: 'one', use: 'sig', alg: 'ES256', kty: 'EC', crv: 'P-256', x, y } as const;
      const sign = (header: { alg: string; kid?: string }, key: CryptoKey | string, exp?: number) =>
        new SignJWT({ role: 'authenticated', ...(exp && { exp }) })
          .setProtectedHeader(header)
          .sign(typeof key === 'string' ? new TextEncoder().encode(key) : key);
      const judged = (token: string, publicKeys: readonly PublicKey[] = [known]) =>
        secrets.judge(token, { jwtSecrets: [secret], publicKeys });
      const named = { alg: 'ES256', kid: 'one' };
      expect(await judged(await sign(named, privateKey))).toBe('good');
      expect(await judged(await sign(named, privateKey, 1))).toBe('expired');
      expect(await judged(await sign({ alg: 'HS256' }, secret))).toBe('good');
      expect(await judged(await sign(named, privateKey), [])).toBe('wrong');
      expect(await judged(await sign({ alg: 'ES256', kid: 'two' }, privateKey))).toBe('wrong');
      expect(await judged(await sign({ alg: 'HS256', kid: 'one' }, secret))).toBe('wrong');
      for (const text of [JSON.stringify(known), x, y, await exportSPKI(publicKey)])
        expect(await judged(await sign({ alg: 'HS256', kid: 'one' }, text))).toBe('wrong');
    });

    test('API keys are the same each time they are asked for', async () => {
      const keys = await secrets.apiKeys(mine, issued, new Date(0));
      expect(await secrets.apiKeys(mine, issued, new Date(0))).toEqual(keys);
      const claims = (token: string) =>
        JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
      expect(claims(keys.anonKey)).toMatchObject({ role: 'anon', ref: mine, iss: 'launchdb', iat: 0 });
      expect(claims(keys.serviceRoleKey)).toMatchObject({ role: 'service_role', ref: mine });
    });

    test('a service token is the key of service_role for ten minutes', async () => {
      const { jwtSecret } = issued;
      const judged = async (agoMs: number, key = jwtSecret) =>
        secrets.judge(await secrets.serviceToken(mine, issued, new Date(new Date().getTime() - agoMs)), {
          jwtSecrets: [key],
          publicKeys: [],
        });
      const token = await secrets.serviceToken(mine, issued, new Date(0));
      expect(decodeJwt(token)).toEqual({
        role: 'service_role',
        ref: mine,
        iss: 'launchdb',
        iat: 0,
        exp: 600,
      });
      expect(await judged(595_000)).toBe('good');
      // with the tolerance for clocks
      expect(await judged(640_000)).toBe('expired');
      expect(await judged(0, (await secrets.issue()).jwtSecret)).toBe('wrong');
    });
  });
}
