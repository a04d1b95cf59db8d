/** What one request may bring, as the gateway bounds it too (interfaces/gateway/routes.ts). */
export const MOST_UPLOAD_BYTES = 5 * 1024 ** 3;
export const MOST_UPLOAD_MS = 6 * 3_600_000;
