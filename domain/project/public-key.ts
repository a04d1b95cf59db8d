/** Keys that everybody may have: what was signed by their other halves is checked by them. */
export const SIGNING_ALGORITHMS = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** A JWK; `kid` is its thumbprint, so no two keys have the same. */
export type PublicKey = { readonly kid: string; readonly use: 'sig' } & (
  | {
      readonly alg: 'ES256';
      readonly kty: 'EC';
      readonly crv: 'P-256';
      readonly x: string;
      readonly y: string;
    }
  | { readonly alg: 'RS256'; readonly kty: 'RSA'; readonly n: string; readonly e: string }
);
