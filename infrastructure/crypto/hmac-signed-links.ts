/**
 * Links as JWTs (HS256). Nobody but us makes or reads them, so the header is always the same text, and anything else is
 * none of ours. By Node's own HMAC, at once: a page of a list may hold a thousand.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../application/ports/clock.ts';
import type {
  Link,
  LinkFault,
  LinkKeys,
  LinkScope,
  SignedLinks,
} from '../../application/ports/signed-links.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { CLOCK_TOLERANCE_SECONDS } from './keys-of-token.ts';

const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');
/** a name has 1,024 characters at most, and what is to become of a picture a few */
const MAX_LENGTH = 16 * 1024;
const KEY_BYTES = 32;

export class HmacSignedLinks implements SignedLinks {
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  keysOf(project: ProjectId, jwtSecrets: readonly string[]): LinkKeys {
    const purpose = `launchdb signed links of ${project}`;
    return jwtSecrets.map((secret) => new Uint8Array(hkdfSync('sha256', secret, '', purpose, KEY_BYTES)));
  }

  sign([key]: LinkKeys, link: Link, seconds: number): string {
    if (!key) throw new TypeError('a project has a key of links');
    const iat = this.#seconds();
    const payload = JSON.stringify({ ...link, iat, exp: iat + seconds });
    const said = `${HEADER}.${Buffer.from(payload).toString('base64url')}`;
    return `${said}.${signatureOf(key, said)}`;
  }

  read<S extends LinkScope>(
    keys: LinkKeys,
    token: string,
    scope: S,
  ): { readonly link: Extract<Link, { readonly scope: S }> } | { readonly fault: LinkFault } {
    const [header, payload = '', signature = '', ...others] =
      token.length > MAX_LENGTH ? [] : token.split('.');
    if (header !== HEADER || others.length > 0 || !isBase64Url(payload + signature))
      return { fault: 'malformed' };
    const said = `${header}.${payload}`;
    if (!keys.some((key) => isSame(signatureOf(key, said), signature))) return { fault: 'signature' };
    const stated = parsed(payload);
    if (typeof stated?.exp !== 'number') return { fault: 'malformed' };
    const now = this.#seconds();
    if (now >= stated.exp) return { fault: 'expired' };
    if (typeof stated.iat === 'number' && stated.iat > now + CLOCK_TOLERANCE_SECONDS)
      return { fault: 'not-yet' };
    if (stated.scope !== scope) return { fault: 'other' };
    const link = linkOf(scope, stated);
    return link ? { link: link as Extract<Link, { readonly scope: S }> } : { fault: 'malformed' };
  }

  #seconds(): number {
    return Math.floor(this.#clock.now().getTime() / 1000);
  }
}

interface Stated {
  readonly [claim: string]: unknown;
  readonly exp?: unknown;
  readonly iat?: unknown;
  readonly scope?: unknown;
}

function parsed(payload: string): Stated | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Stated) : undefined;
  } catch {
    return undefined;
  }
}

function linkOf(scope: LinkScope, { url, transformations, owner, upsert }: Stated): Link | undefined {
  if (typeof url !== 'string') return undefined;
  switch (scope) {
    case 'download':
      if (!isTextOrAbsent(transformations)) return undefined;
      return { scope, url, ...(transformations !== undefined && { transformations }) };
    case 'upload':
      if (!isTextOrAbsent(owner)) return undefined;
      return { scope, url, upsert: upsert === true, ...(owner !== undefined && { owner }) };
  }
}

const isTextOrAbsent = (value: unknown): value is string | undefined =>
  value === undefined || typeof value === 'string';

const isBase64Url = (text: string): boolean => /^[\w-]+$/.test(text);

const signatureOf = (key: Uint8Array, said: string): string =>
  createHmac('sha256', key).update(said).digest('base64url');

/** As texts: two may stand for the same bytes, and one of them is nobody's. */
const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
