import type { Ceremony, KeyUse, MadeKey, UsedKey, WebAuthn } from '../../application/ports/web-authn.ts';
import { KEY_ALGORITHMS } from '../../domain/auth/ceremony-options.ts';
import type { KeyCredential } from '../../domain/auth/passkey.ts';

/** bytes; longer ones are no credential's, by the standard */
const LONGEST_ID = 1_023;
/** bytes; more than a key of RSA with 4,096 bits has */
const LONGEST_KEY = 1_024;
const NO_AAGUID = '00000000-0000-0000-0000-000000000000';

/** With the first key that there is: most processes have nobody who shows one. */
async function load() {
  const [library, helpers] = await Promise.all([
    import('@simplewebauthn/server'),
    import('@simplewebauthn/server/helpers'),
  ]);
  return { ...library, ...helpers };
}
type Library = Awaited<ReturnType<typeof load>>;

export const simpleWebAuthn: WebAuthn = {
  made: (ceremony, answer) => judged((library) => made(library, ceremony, answer)),
  used: (ceremony, answer, credential) => judged((library) => used(library, ceremony, answer, credential)),
};

/** The library throws for whatever is wrong with what it was given. */
async function judged<T>(judge: (library: Library) => Promise<T | undefined>): Promise<T | undefined> {
  const library = await load();
  try {
    return await judge(library);
  } catch {
    return undefined;
  }
}

async function made(
  library: Library,
  { party, challenge, userVerified }: Ceremony,
  { id, rawId, clientDataJSON, attestationObject, transports }: MadeKey,
): Promise<KeyCredential | undefined> {
  if (isFramed(clientDataJSON) || hasCertificates(library, attestationObject)) return undefined;
  const { registrationInfo } = await library.verifyRegistrationResponse({
    response: {
      id,
      rawId,
      type: 'public-key',
      response: { clientDataJSON, attestationObject },
      clientExtensionResults: {},
    },
    expectedChallenge: challenge,
    expectedOrigin: [...party.origins],
    expectedRPID: party.id,
    requireUserVerification: userVerified,
    supportedAlgorithmIDs: [...KEY_ALGORITHMS],
  });
  if (!registrationInfo) return undefined;
  const { credential, aaguid, credentialDeviceType, credentialBackedUp } = registrationInfo;
  if (credential.id !== id || Buffer.from(id, 'base64url').length > LONGEST_ID) return undefined;
  if (credential.publicKey.length > LONGEST_KEY) return undefined;
  return {
    credentialId: id,
    publicKey: Buffer.from(credential.publicKey).toString('base64url'),
    signCount: credential.counter,
    transports,
    aaguid: aaguid === NO_AAGUID ? null : aaguid,
    backupEligible: credentialDeviceType === 'multiDevice',
    backedUp: credentialBackedUp,
  };
}

async function used(
  library: Library,
  { party, challenge, userVerified }: Ceremony,
  { id, rawId, clientDataJSON, authenticatorData, signature }: UsedKey,
  { credentialId, publicKey, signCount }: KeyCredential,
): Promise<KeyUse | undefined> {
  if (id !== credentialId || isFramed(clientDataJSON)) return undefined;
  const { verified, authenticationInfo } = await library.verifyAuthenticationResponse({
    response: {
      id,
      rawId,
      type: 'public-key',
      response: { clientDataJSON, authenticatorData, signature },
      clientExtensionResults: {},
    },
    expectedChallenge: challenge,
    expectedOrigin: [...party.origins],
    expectedRPID: party.id,
    credential: { id, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter: signCount },
    requireUserVerification: userVerified,
  });
  if (!verified) return undefined;
  return { signCount: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp };
}

/** The page was in a frame of another one's, which may have lured the user there; the library lets that pass. */
function isFramed(clientDataJSON: string): boolean {
  const said = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as { crossOrigin?: unknown };
  return said.crossOrigin !== undefined && said.crossOrigin !== false;
}

/** Nobody asked for them, and the library would call addresses in them. A key that attests itself has none. */
function hasCertificates({ decodeAttestationObject }: Library, attestationObject: string): boolean {
  const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, 'base64url')));
  const isPlain = decoded.get('fmt') === 'none' || decoded.get('fmt') === 'packed';
  return !isPlain || decoded.get('attStmt').get('x5c') !== undefined;
}
