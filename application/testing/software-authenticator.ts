/**
 * An authenticator and the browser in front of it, for tests: it makes keys and uses them as WebAuthn says, and lies
 * where a test wants it to.
 */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import forge from 'node-forge';

/** What a page hands to its browser; of the options as much as matters here. */
export interface KeyOptions {
  readonly challenge: string;
  readonly rp?: { readonly id: string };
  readonly rpId?: string;
  readonly user?: { readonly id: string };
  readonly allowCredentials?: readonly { readonly id: string }[];
  readonly excludeCredentials?: readonly { readonly id: string }[];
}

/** What is otherwise than an honest browser and authenticator have it. */
export interface Lies {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  /** bits: 1 user present, 4 user verified, 8 may be copied, 16 is copied */
  readonly flags?: number;
  readonly signCount?: number;
  readonly userHandle?: string | null;
  readonly signature?: 'bad' | 'of another key';
  readonly attestation?: 'none' | 'self' | 'certified' | 'none with a statement' | 'unknown';
  /** this one's, in place of a new one */
  readonly id?: string;
  readonly idBytes?: number;
  /** bytes after those that have a place */
  readonly trailing?: number;
}

interface Key {
  readonly id: Buffer;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly algorithm: Algorithm;
  readonly userHandle: string;
  signCount: number;
}

type Algorithm = 'ES256' | 'EdDSA' | 'RS256';
type Cbor = number | string | Uint8Array | readonly Cbor[] | ReadonlyMap<number | string, Cbor>;

const [PRESENT, VERIFIED, ATTESTED] = [0x01, 0x04, 0x40];
const ALG = { EdDSA: -8, ES256: -7, RS256: -257 } as const;

export class SoftwareAuthenticator {
  readonly keys: Key[] = [];
  readonly #origin: string;
  readonly #algorithm: Algorithm;

  constructor(origin: string, algorithm: Algorithm = 'ES256') {
    this.#origin = origin;
    this.#algorithm = algorithm;
  }

  /** As `PublicKeyCredential.toJSON()` has it. @throws it has one of those that are not to be there again */
  create(options: KeyOptions, lies: Lies = {}) {
    if (options.excludeCredentials?.some(({ id }) => this.keys.some((key) => key.id.equals(bytes(id)))))
      throw new Error('InvalidStateError');
    const id = lies.id ? bytes(lies.id) : randomBytes(lies.idBytes ?? 32);
    const pair = keyPair(this.#algorithm);
    const userHandle = options.user?.id ?? '';
    const key = { id, ...pair, algorithm: this.#algorithm, userHandle, signCount: lies.signCount ?? 0 };
    this.keys.push(key);
    const clientData = this.#clientData('webauthn.create', options, lies);
    const attested = Buffer.concat([Buffer.alloc(16), uint16(id.length), id, cbor(coseKey(key))]);
    const authData = Buffer.concat([authenticatorData(options, key, lies, ATTESTED), attested]);
    const statement = attestation(key, Buffer.concat([authData, sha256(clientData)]), lies);
    const attestationObject = cbor(new Map<string, Cbor>([...statement, ['authData', authData]]));
    return {
      id: id.toString('base64url'),
      rawId: id.toString('base64url'),
      type: 'public-key' as const,
      clientExtensionResults: {},
      authenticatorAttachment: 'platform',
      response: {
        clientDataJSON: clientData.toString('base64url'),
        attestationObject: attestationObject.toString('base64url'),
        transports: ['internal', 'hybrid'],
      },
    };
  }

  /** The first key that is allowed, or the newest. */
  get(options: KeyOptions, lies: Lies = {}) {
    const allowed = options.allowCredentials?.map(({ id }) => id);
    const key = this.keys.findLast(({ id }) => !allowed || allowed.includes(id.toString('base64url')));
    if (!key) throw new Error('NotAllowedError');
    key.signCount = lies.signCount ?? key.signCount + 1;
    const clientData = this.#clientData('webauthn.get', options, lies);
    const authData = authenticatorData(options, key, lies);
    const signer = lies.signature === 'of another key' ? keyPair(this.#algorithm).privateKey : key.privateKey;
    const signature = signed(signer, key.algorithm, Buffer.concat([authData, sha256(clientData)]));
    if (lies.signature === 'bad') signature.writeUInt8(signature.readUInt8(20) ^ 1, 20);
    const userHandle = lies.userHandle === undefined ? key.userHandle : lies.userHandle;
    const id = lies.id ?? key.id.toString('base64url');
    return {
      id,
      rawId: id,
      type: 'public-key' as const,
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: signature.toString('base64url'),
        ...(userHandle !== null && { userHandle }),
      },
    };
  }

  #clientData(type: string, { challenge }: KeyOptions, lies: Lies): Buffer {
    const { origin = this.#origin, crossOrigin = false } = lies;
    return Buffer.from(
      JSON.stringify({
        type: lies.type ?? type,
        challenge: lies.challenge ?? challenge,
        origin,
        crossOrigin,
      }),
    );
  }
}

function authenticatorData(options: KeyOptions, key: Key, lies: Lies, more = 0): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(key.signCount);
  return Buffer.concat([
    sha256(Buffer.from(lies.rpId ?? options.rp?.id ?? options.rpId ?? '')),
    Buffer.from([(lies.flags ?? PRESENT | VERIFIED) | more]),
    count,
    Buffer.alloc(lies.trailing ?? 0),
  ]);
}

function attestation(key: Key, base: Buffer, { attestation: kind = 'none' }: Lies): [string, Cbor][] {
  const self: [string, Cbor][] = [
    ['alg', ALG[key.algorithm]],
    ['sig', signed(key.privateKey, key.algorithm, base)],
  ];
  const [format, statement] = {
    none: ['none', []],
    self: ['packed', self],
    certified: ['packed', kind === 'certified' ? certified(base) : []],
    'none with a statement': ['none', self],
    unknown: ['android-safetynet', self],
  }[kind] as [string, [string, Cbor][]];
  return [
    ['fmt', format],
    ['attStmt', new Map(statement)],
  ];
}

/** By its maker's key and a certificate of that, as a library takes for good that has no maker in mind. */
function certified(base: Buffer): [string, Cbor][] {
  const { privateKey, publicKey } = forge.pki.rsa.generateKeyPair(1_024);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.validity.notAfter.setFullYear(certificate.validity.notBefore.getFullYear() + 1);
  const names = { C: 'DE', O: 'Maker', OU: 'Authenticator Attestation', CN: 'Model' };
  const attributes = Object.entries(names).map(([shortName, value]) => ({ shortName, value }));
  certificate.setSubject(attributes);
  certificate.setIssuer(attributes);
  certificate.setExtensions([{ name: 'basicConstraints', cA: false }]);
  certificate.sign(privateKey, forge.md.sha256.create());
  const der = forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes();
  return [
    ['alg', ALG.RS256],
    ['sig', sign('sha256', base, forge.pki.privateKeyToPem(privateKey))],
    ['x5c', [Buffer.from(der, 'binary')]],
  ];
}

const keyPair = (algorithm: Algorithm) =>
  algorithm === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : algorithm === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('rsa', { modulusLength: 2_048 });

const signed = (key: KeyObject, algorithm: Algorithm, data: Buffer): Buffer =>
  sign(algorithm === 'EdDSA' ? null : 'sha256', data, key);

function coseKey({ publicKey, algorithm }: Key): Cbor {
  const jwk = publicKey.export({ format: 'jwk' });
  const part = (name: 'x' | 'y' | 'n' | 'e') => bytes(jwk[name] as string);
  const head: [number, Cbor][] = [[3, ALG[algorithm]]];
  if (algorithm === 'RS256') return new Map([[1, 3], ...head, [-1, part('n')], [-2, part('e')]]);
  if (algorithm === 'EdDSA') return new Map([[1, 1], ...head, [-1, 6], [-2, part('x')]]);
  return new Map([[1, 2], ...head, [-1, 1], [-2, part('x')], [-3, part('y')]]);
}

/** As much of RFC 8949 as authenticators use. */
export function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<number | string, Cbor>)];
    return Buffer.concat([
      head(5, entries.length),
      ...entries.flatMap(([key, one]) => [cbor(key), cbor(one)]),
    ]);
  }
  const list = value as readonly Cbor[];
  return Buffer.concat([head(4, list.length), ...list.map(cbor)]);
}

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument]);
  if (argument < 256) return Buffer.from([(major << 5) | 24, argument]);
  return Buffer.concat([Buffer.from([(major << 5) | 25]), uint16(argument)]);
}

function uint16(value: number): Buffer {
  const two = Buffer.alloc(2);
  two.writeUInt16BE(value);
  return two;
}

const bytes = (base64url: string): Buffer => Buffer.from(base64url, 'base64url');
const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest();
