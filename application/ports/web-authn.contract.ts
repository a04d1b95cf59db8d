/** What judging answers of authenticators must be like. */
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { creationOptions, requestOptions } from '../../domain/auth/ceremony-options.ts';
import type { KeyCredential } from '../../domain/auth/passkey.ts';
import {
  cbor,
  SoftwareAuthenticator,
  type KeyOptions,
  type Lies,
} from '../testing/software-authenticator.ts';
import type { Ceremony, WebAuthn } from './web-authn.ts';

const ORIGIN = 'https://login.shop.example';
const party = { id: 'shop.example', name: 'Shop', origins: [ORIGIN, 'https://shop.example'] };
const OTHER = '00000000-1111-2222-3333-444444444444';

const ceremony = (change: Partial<Ceremony> = {}): Ceremony => ({
  party,
  challenge: randomBytes(32).toString('base64url'),
  userVerified: true,
  ...change,
});

export function webAuthnContract(name: string, webAuthn: WebAuthn): void {
  const make = (lies: Lies = {}, asked = ceremony(), authenticator = new SoftwareAuthenticator(ORIGIN)) => {
    const user = { id: randomUUID(), email: 'ann@shop.example', phone: null };
    const options = creationOptions(asked, user, [], 'passkey') as unknown as KeyOptions;
    const { response, ...key } = authenticator.create(options, lies);
    return { authenticator, made: webAuthn.made(asked, { ...key, ...response }) };
  };
  const use = (
    authenticator: SoftwareAuthenticator,
    credential: KeyCredential,
    lies: Lies = {},
    asked = ceremony(),
  ) => {
    const { response, ...key } = authenticator.get(requestOptions(asked) as unknown as KeyOptions, lies);
    return webAuthn.used(asked, { ...key, ...response }, credential);
  };
  const ready = async (lies: Lies = {}) => {
    const { authenticator, made } = make(lies);
    const credential = await made;
    if (!credential) throw new Error('no credential');
    return { authenticator, credential };
  };

  describe(`${name}: a key that is made`, () => {
    test.each(['ES256', 'EdDSA', 'RS256'] as const)('with %s, and used', async (algorithm) => {
      const authenticator = new SoftwareAuthenticator(ORIGIN, algorithm);
      const credential = await make({}, ceremony(), authenticator).made;
      expect(credential).toEqual({
        credentialId: authenticator.keys[0]?.id.toString('base64url'),
        publicKey: expect.stringMatching(/^[\w-]{50,}$/),
        signCount: 0,
        transports: ['internal', 'hybrid'],
        aaguid: null,
        backupEligible: false,
        backedUp: false,
      });
      expect(await use(authenticator, credential!)).toEqual({ signCount: 1, backedUp: false });
    });

    test('may be one that is copied to other devices, or attests itself', async () => {
      expect(await make({ flags: 0x01 | 0x04 | 0x08 | 0x10 }).made).toMatchObject({
        backupEligible: true,
        backedUp: true,
      });
      expect(await make({ attestation: 'self' }).made).toBeDefined();
    });

    test.each<[string, Lies]>([
      ['of another origin', { origin: 'https://evil.example' }],
      ['of the site by plain http', { origin: 'http://login.shop.example' }],
      ['of a page below, which is not named', { origin: 'https://x.shop.example' }],
      ['of an origin with a dot more', { origin: `${ORIGIN}.` }],
      ['for another domain', { rpId: 'evil.example' }],
      ['for another challenge', { challenge: randomBytes(32).toString('base64url') }],
      ['for no challenge', { challenge: '' }],
      ['of a sign-in', { type: 'webauthn.get' }],
      ['in a frame of another page', { crossOrigin: true }],
      ['without its user', { flags: 0x04 }],
      ['by nobody knows whom', { flags: 0x01 }],
      ['copied, and it cannot be', { flags: 0x01 | 0x04 | 0x10 }],
      ['with certificates', { attestation: 'certified' }],
      ['with a statement that none has', { attestation: 'none with a statement' }],
      ['with a format that nobody asked for', { attestation: 'unknown' }],
      ['with a name that is too long', { idBytes: 1_024 }],
      ['with bytes that have no place', { trailing: 3 }],
    ])('%s: is none', async (_, lies) => {
      expect(await make(lies).made).toBeUndefined();
    });

    test('needs nobody verified where that is not asked for', async () => {
      expect(await make({ flags: 0x01 }, ceremony({ userVerified: false })).made).toBeDefined();
      expect(await make({ flags: 0x00 }, ceremony({ userVerified: false })).made).toBeUndefined();
    });

    test('garbage is none, however deep or odd', async () => {
      const asked = ceremony();
      const { response, ...key } = new SoftwareAuthenticator(ORIGIN).create({
        challenge: asked.challenge,
        rp: party,
        user: { id: 'x' },
      });
      const good = { ...key, ...response };
      expect(await webAuthn.made(asked, good)).toBeDefined();
      const deep = Buffer.alloc(8_000, 0x81).toString('base64url');
      for (const change of [
        { attestationObject: deep },
        { attestationObject: '' },
        { attestationObject: cbor(new Map([['fmt', 'none']])).toString('base64url') },
        { attestationObject: randomBytes(300).toString('base64url') },
        { clientDataJSON: 'bnVsbA' },
        { clientDataJSON: 'e30' },
        { clientDataJSON: '' },
        { clientDataJSON: Buffer.from('"text"').toString('base64url') },
        { id: 'AAAA', rawId: 'AAAA' },
        { rawId: 'AAAA' },
        { id: '', rawId: '' },
      ])
        expect([change, await webAuthn.made(asked, { ...good, ...change })]).toEqual([change, undefined]);
    });
  });

  describe(`${name}: a key that is used`, () => {
    test.each<[string, Lies]>([
      ['at another origin', { origin: 'https://evil.example' }],
      ['for another domain', { rpId: 'login.shop.example' }],
      ['for another challenge', { challenge: randomBytes(32).toString('base64url') }],
      ['as if it were made', { type: 'webauthn.create' }],
      ['in a frame of another page', { crossOrigin: true }],
      ['without its user', { flags: 0x04 }],
      ['by nobody knows whom', { flags: 0x01 }],
      ['with a bad signature', { signature: 'bad' }],
      ['with the signature of another key', { signature: 'of another key' }],
      ['under another name', { id: Buffer.from(OTHER).toString('base64url') }],
      ['with bytes that have no place', { trailing: 1 }],
    ])('%s: is refused', async (_, lies) => {
      const { authenticator, credential } = await ready();
      expect(await use(authenticator, credential, lies)).toBeUndefined();
      expect(await use(authenticator, credential)).toBeDefined();
    });

    test('counts up, or does not count at all', async () => {
      const { authenticator, credential } = await ready({ signCount: 5 });
      expect(credential.signCount).toBe(5);
      for (const signCount of [5, 4, 0])
        expect(await use(authenticator, credential, { signCount })).toBeUndefined();
      expect(await use(authenticator, credential, { signCount: 2 ** 32 - 1 })).toEqual({
        signCount: 2 ** 32 - 1,
        backedUp: false,
      });
      const without = { ...credential, signCount: 0 };
      expect(await use(authenticator, without, { signCount: 0 })).toEqual({ signCount: 0, backedUp: false });
    });

    test('garbage is refused, and so is a key that was stored as none', async () => {
      const { authenticator, credential } = await ready();
      const asked = ceremony();
      const { response, ...key } = authenticator.get({ challenge: asked.challenge, rpId: party.id });
      const good = { ...key, ...response };
      expect(await webAuthn.used(asked, good, credential)).toBeDefined();
      for (const change of [{ authenticatorData: '' }, { signature: '' }, { clientDataJSON: 'bnVsbA' }])
        expect(await webAuthn.used(asked, { ...good, ...change }, credential)).toBeUndefined();
      for (const publicKey of ['', 'AAAA', Buffer.alloc(900, 0x81).toString('base64url')])
        expect(await webAuthn.used(asked, good, { ...credential, publicKey })).toBeUndefined();
    });
  });
}
