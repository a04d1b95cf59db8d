import { expect, test } from 'vitest';
import { credentialFromJson, credentialToJson, userHandleOf, type KeyCredential } from './passkey.ts';

const credential: KeyCredential = {
  credentialId: 'AP-_x4A',
  publicKey: '__-9AA',
  signCount: 7,
  transports: ['usb', 'nfc'],
  aaguid: 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4',
  backupEligible: true,
  backedUp: false,
};

test('a handle is the user’s id, in base64url', () => {
  const id = '5B1E0C9C-64A4-4F0C-9A4B-000000000001';
  expect(Buffer.from(userHandleOf(id), 'base64url').toString()).toBe(id.toLowerCase());
  expect(userHandleOf(id)).toMatch(/^[\w-]{48}$/);
});

test('a credential of a second factor stands in its row as dumps have it', () => {
  const json = credentialToJson(credential);
  expect(json).toEqual({
    id: 'AP+/x4A=',
    publicKey: '//+9AA==',
    attestationType: 'none',
    transport: ['usb', 'nfc'],
    flags: { userPresent: true, userVerified: false, backupEligible: true, backupState: false },
    authenticator: { AAGUID: '6puNZk0BHSE85La0jLV11A==', signCount: 7, cloneWarning: false, attachment: '' },
  });
  expect(credentialFromJson(json)).toEqual(credential);
  const bare = { ...credential, aaguid: null, transports: [] };
  expect(credentialFromJson(credentialToJson(bare))).toEqual(bare);
});

test('what others wrote there is none, or as much as it says', () => {
  for (const json of [null, {}, { id: 'AA==' }, { id: '', publicKey: '' }, { id: 1, publicKey: [] }])
    expect(credentialFromJson(json)).toBeUndefined();
  expect(credentialFromJson({ id: 'AA==', publicKey: 'AQ==', transport: null, authenticator: 'x' })).toEqual({
    credentialId: 'AA',
    publicKey: 'AQ',
    signCount: 0,
    transports: [],
    aaguid: null,
    backupEligible: false,
    backedUp: false,
  });
});
