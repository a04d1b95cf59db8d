import { createHmac } from 'node:crypto';
import { signedLinksContract } from '../../application/ports/signed-links.contract.ts';
import { HmacSignedLinks } from './hmac-signed-links.ts';

const NOW_MS = Date.UTC(2026, 10, 29, 12, 0, 0, 700);
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

signedLinksContract(
  'HMAC',
  (seconds) => new HmacSignedLinks({ now: () => new Date(NOW_MS + seconds * 1000) }),
  (header, payload, secret) => {
    const said = `${part(header)}.${part(payload)}`;
    return `${said}.${createHmac('sha256', secret).update(said).digest('base64url')}`;
  },
);
