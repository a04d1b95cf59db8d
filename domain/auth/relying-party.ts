/**
 * For whom a project's passkeys and security keys are: a domain, and the pages of it that may ask for them. Browsers let a page
 * use those of its own host or of a domain above it, and none of an address, nor over plain http but on this very machine.
 */
import type { AuthSettings } from './auth-settings.ts';

export interface RelyingParty {
  /** a domain */
  readonly id: string;
  /** shown by authenticators */
  readonly name: string;
  readonly origins: readonly string[];
}

/** There is none, and why. */
export interface NoRelyingParty {
  readonly fault: string;
}

type Settings = Pick<AuthSettings, 'passkeys' | 'allowedRedirects'>;

export function relyingPartyOf(settings: Settings, siteUrl: string): RelyingParty | NoRelyingParty {
  const { rpId, rpName, origins: named } = settings.passkeys;
  const site = webUrl(siteUrl);
  const id = rpId ?? site?.hostname;
  if (id === undefined)
    return { fault: 'The site URL is no web page: passkeys need one, or a domain of their own (rp_id).' };
  if (!isDomain(id)) return { fault: `Passkeys cannot be for ${id}: it takes a domain, or localhost.` };
  const stray = named.find((origin) => !isOriginOf(origin, id));
  if (stray !== undefined) return { fault: `No browser lets ${stray} use passkeys of ${id}.` };
  const places = named.length > 0 ? named : [siteUrl, ...settings.allowedRedirects].flatMap(originOf);
  const origins = [...new Set(places)].filter((origin) => isOriginOf(origin, id));
  if (origins.length === 0)
    return {
      fault: `No page may use passkeys of ${id}: the site URL, or one of the origins, has to be https there or below it.`,
    };
  return { id, name: rpName ?? id, origins };
}

const webUrl = (text: string): URL | undefined => {
  const url = URL.parse(text);
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
};

/** None of a pattern that leaves open which host it is. */
function originOf(address: string): readonly string[] {
  const [, start = ''] = /^(https?:\/\/[^/?#]*)/i.exec(address) ?? [];
  return start.includes('*') ? [] : [webUrl(start)?.origin ?? []].flat();
}

/** A single label, such as `com`, has no owner. */
const isDomain = (id: string): boolean =>
  id === 'localhost' || (id.includes('.') && !id.includes(':') && !/\.\d+$/.test(id));

/** As a browser judges it; of an app the system does. */
function isOriginOf(origin: string, id: string): boolean {
  if (origin.startsWith('android:')) return true;
  const url = webUrl(origin);
  if (!url || !(url.hostname === id || url.hostname.endsWith(`.${id}`))) return false;
  return url.protocol === 'https:' || /(?:^|\.)localhost$/.test(url.hostname);
}
