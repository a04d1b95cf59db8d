/** What a browser answers for an authenticator, as it makes JSON of it: bytes are base64url, and none are many. */
import { z } from 'zod';
import type { MadeKey, UsedKey } from '../../application/ports/web-authn.ts';

const bytes = (most: number) =>
  z
    .string()
    .max(Math.ceil((most * 4) / 3))
    .regex(/^[\w-]+$/);
const id = bytes(1_023);
const clientDataJSON = bytes(4_096);
const head = { id, rawId: id, type: z.literal('public-key') };

export const madeKey = z.looseObject({
  ...head,
  response: z.looseObject({
    clientDataJSON,
    attestationObject: bytes(8_192),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,32}$/))
      .max(10)
      .nullish(),
  }),
});
export const usedKey = z.looseObject({
  ...head,
  response: z.looseObject({
    clientDataJSON,
    authenticatorData: bytes(2_048),
    signature: bytes(1_024),
    userHandle: bytes(64).nullish(),
  }),
});

export const madeKeyOf = ({ id: key, rawId, response }: z.output<typeof madeKey>): MadeKey => ({
  id: key,
  rawId,
  clientDataJSON: response.clientDataJSON,
  attestationObject: response.attestationObject,
  transports: response.transports ?? [],
});

export const usedKeyOf = ({ id: key, rawId, response }: z.output<typeof usedKey>): UsedKey => ({
  id: key,
  rawId,
  clientDataJSON: response.clientDataJSON,
  authenticatorData: response.authenticatorData,
  signature: response.signature,
});
