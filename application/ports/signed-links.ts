/** Links that let whoever has one read or write a single object, without a key, until they are over. */
import type { ProjectId } from '../../domain/project/project-id.ts';

/** Of one project, opaque; the first one signs, all of them are good. */
export type LinkKeys = readonly Uint8Array[];

export interface DownloadLink {
  readonly scope: 'download';
  /** `<bucket>/<path>`, as it is called, not encoded */
  readonly url: string;
  /** how a picture is to be changed, as the link's maker has written it */
  readonly transformations?: string | undefined;
}

export interface UploadLink {
  readonly scope: 'upload';
  readonly url: string;
  /** the `sub` of who made the link; undefined: an API key */
  readonly owner?: string | undefined;
  /** may take the place of what is there */
  readonly upsert: boolean;
}

export type Link = DownloadLink | UploadLink;
export type LinkScope = Link['scope'];

/** `other`: of another scope, so not what it is shown for */
export type LinkFault = 'malformed' | 'signature' | 'expired' | 'not-yet' | 'other';

export interface SignedLinks {
  /** They follow from the project's JWT secrets, and are none of them: a link is no API key, and no API key a link. */
  keysOf(project: ProjectId, jwtSecrets: readonly string[]): LinkKeys;
  /** A JWT (HS256), made at once: thousands a second. */
  sign(keys: LinkKeys, link: Link, seconds: number): string;
  /** Never throws. */
  read<S extends LinkScope>(
    keys: LinkKeys,
    token: string,
    scope: S,
  ): { readonly link: Extract<Link, { readonly scope: S }> } | { readonly fault: LinkFault };
}
