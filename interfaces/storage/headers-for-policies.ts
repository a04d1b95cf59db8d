/** What proves something to us is nobody else's, not even the project's own functions'. */
const KEPT_BACK = new Set([
  'authorization',
  'apikey',
  'cookie',
  'x-amz-security-token',
  'x-forwarded-proof',
  'x-internal-api-key',
  'x-signature',
]);

/** Those of a request that policies may read. @param headers by names in lower case */
export const headersForPolicies = (
  headers: Iterable<readonly [name: string, value: string | readonly string[] | undefined]>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...headers].flatMap(([name, value]) =>
      KEPT_BACK.has(name) || value === undefined ? [] : [[name, String(value)]],
    ),
  );
