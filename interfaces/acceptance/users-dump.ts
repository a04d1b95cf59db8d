/** A dump of many users as another platform has them, as pg_dump writes it. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const AT = '2024-01-02 03:04:05.678+00';
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

/** Each with an identity, one of ten with an authenticator. @param hash of everybody's password */
export async function writeUsersDump(file: string, count: number, hash: string): Promise<void> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await pipeline(Readable.from(lines(ids, hash)), createWriteStream(file));
}

function* lines(ids: readonly string[], hash: string): Generator<string> {
  const email = (at: number) => `imported${at}@example.com`;
  yield 'COPY auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, last_sign_in_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at, phone, is_sso_user, is_anonymous) FROM stdin;\n';
  for (const [at, id] of ids.entries())
    yield `00000000-0000-0000-0000-000000000000\t${id}\tauthenticated\tauthenticated\t${email(at)}\t${hash}\t${AT}\t${AT}\t{"provider": "email", "providers": ["email"]}\t{"full_name": "Person ${at}", "locale": "en"}\t${AT}\t${AT}\t\\N\tf\tf\n`;
  yield '\\.\n\nCOPY auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at, id) FROM stdin;\n';
  for (const [at, id] of ids.entries())
    yield `${id}\t${id}\t{"sub": "${id}", "email": "${email(at)}"}\temail\t${AT}\t${AT}\t${AT}\t${randomUUID()}\n`;
  yield '\\.\n\nCOPY auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret) FROM stdin;\n';
  for (const [at, id] of ids.entries())
    if (at % 10 === 0) yield `${randomUUID()}\t${id}\tphone\ttotp\tverified\t${AT}\t${AT}\t${SECRET}\n`;
  yield '\\.\n';
}
