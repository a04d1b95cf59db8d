/** PostgREST's answers that are none: PostgreSQL went away while it was asked. */

/** What has to be read of an answer to tell; PostgREST says so in less. */
export const TELLING_BYTES = 1024;

export const mayBeLost = (status: number): boolean => status === 400 || status === 503 || status === 504;

/**
 * Whether the connection to PostgreSQL was lost after the statement was sent, so that nobody knows what became of
 * it. For most of these PostgREST (12 to 14) says 400 with nothing in it, and a client takes that for a mistake of
 * its own. What it and PgBouncer say of connections that they could not make is not among them: then nothing was done.
 */
export function isLostDatabase(body: Buffer): boolean {
  try {
    const { code, message } = JSON.parse(body.toString()) as { code?: unknown; message?: unknown };
    if (code === '') return message === '';
    return code === 'PGRST001' || (code === '08P01' && /server conn crashed/.test(String(message)));
  } catch {
    return false;
  }
}

/**
 * Whether PostgREST waited in vain for one of its connections, or PgBouncer for one to PostgreSQL: all are in use by
 * requests that take long. Nothing was done then.
 */
export function isOutOfConnections(body: Buffer): boolean {
  try {
    const { code, message } = JSON.parse(body.toString()) as { code?: unknown; message?: unknown };
    return code === 'PGRST003' || (code === '08P01' && /query_wait_timeout/.test(String(message)));
  } catch {
    return false;
  }
}
