/** What a page hands to its browser to make a key, or to have one used: the options of WebAuthn, as JSON. */
import { CHALLENGE_MS, userHandleOf, type KeyCredential } from './passkey.ts';
import type { RelyingParty } from './relying-party.ts';
import type { JsonObject, User } from './user.ts';

/** Of COSE: EdDSA, ES256 and RS256, which between them every authenticator has. */
export const KEY_ALGORITHMS: readonly number[] = [-8, -7, -257];

interface Asked {
  readonly party: RelyingParty;
  readonly challenge: string;
}

/**
 * @param known the user's own: an authenticator that has one of them makes no other
 * @param kind a passkey is found without its user's name, and its user has shown that it is they; a factor comes after that
 */
export const creationOptions = (
  { party, challenge }: Asked,
  user: Pick<User, 'id' | 'email' | 'phone'>,
  known: readonly KeyCredential[],
  kind: 'passkey' | 'factor',
): JsonObject => {
  const name = user.email || user.phone || user.id;
  return {
    rp: { id: party.id, name: party.name },
    user: { id: userHandleOf(user.id), name, displayName: name },
    challenge,
    pubKeyCredParams: KEY_ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    timeout: CHALLENGE_MS,
    excludeCredentials: known.map(described),
    authenticatorSelection:
      kind === 'passkey'
        ? { residentKey: 'required', requireResidentKey: true, userVerification: 'required' }
        : { residentKey: 'discouraged', requireResidentKey: false, userVerification: 'preferred' },
    attestation: 'none',
  };
};

/** @param allowed none: whichever passkey of this party's there is, whoever's it is */
export const requestOptions = (
  { party, challenge }: Asked,
  allowed: readonly KeyCredential[] = [],
): JsonObject => ({
  challenge,
  timeout: CHALLENGE_MS,
  rpId: party.id,
  ...(allowed.length > 0 && { allowCredentials: allowed.map(described) }),
  userVerification: allowed.length > 0 ? 'preferred' : 'required',
});

const described = ({ credentialId, transports }: KeyCredential): JsonObject => ({
  type: 'public-key',
  id: credentialId,
  ...(transports.length > 0 && { transports }),
});
