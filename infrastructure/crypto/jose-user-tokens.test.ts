import { createHmac, randomBytes } from 'node:crypto';
import { userTokensContract } from '../../application/ports/user-tokens.contract.ts';
import { AesSigningKeys } from './aes-signing-keys.ts';
import { JoseUserTokens } from './jose-user-tokens.ts';

const NOW = new Date('2026-11-29T12:00:00.700Z');
const clock = { now: () => NOW, elapsedMs: () => 0, sleep: () => Promise.resolve() };
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

const forge = (header: object, payload: object, secret: string) => {
  const said = `${part(header)}.${part(payload)}`;
  return `${said}.${createHmac('sha256', secret).update(said).digest('base64url')}`;
};

userTokensContract('jose', new JoseUserTokens(clock), NOW, forge, new AesSigningKeys(randomBytes(32)));
