/** What RFC 7240's `Prefer` says about waiting. A preference that is not understood is left alone. */
export interface Preference {
  /** answer 202 at once */
  readonly respondAsync: boolean;
  /** how long the caller is willing to wait, in milliseconds */
  readonly waitMs: number;
}

const MAX_WAIT_SECONDS = 60;

/** `wait=N` seconds, at most 60; `respond-async` without `wait` means not to wait at all. */
export function parsePrefer(header: string | undefined, defaultWaitMs: number): Preference {
  const preferences = (header ?? '')
    .split(',')
    .map((text) => (text.split(';')[0] ?? '').trim().toLowerCase());
  const respondAsync = preferences.includes('respond-async');
  const wait = preferences.map((text) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(text)?.[1]).find(Boolean);
  if (wait !== undefined) return { respondAsync, waitMs: Math.min(Number(wait), MAX_WAIT_SECONDS) * 1000 };
  return { respondAsync, waitMs: respondAsync ? 0 : defaultWaitMs };
}
