/** A client of PostgreSQL's protocol that also says what no driver would. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { cString, int32, message, packet, startupPacket } from '../pooler-guard/wire.ts';

export const NONCE = 'rOprNGfwEbeRWgbNEkqO';
export const first = (text = `n,,n=,r=${NONCE}`, length = text.length, mechanism = 'SCRAM-SHA-256') =>
  message('p', cString(mechanism), int32(length), Buffer.from(text));
export const final = (text: string) => message('p', Buffer.from(text));
export const startup = (user: string, database: string, more: Readonly<Record<string, string>> = {}) =>
  startupPacket(Object.entries({ user, database, ...more }));
export const TLS_REQUEST = packet(int32(80_877_103));
export const GSS_REQUEST = packet(int32(80_877_104));
/** AuthenticationOk */
export const LET_IN = 'R\0\0\0\x08\0\0\0\0';
/** ReadyForQuery */
export const READY = 'Z\0\0\0\x05I';
export const WRONG_PROOF = `${'A'.repeat(43)}=`;

/** The last message of SCRAM, as who has the password says it. */
export function proven(password: string, challenge: string, said = `n=,r=${NONCE}`): Buffer {
  const [, nonce = '', salt = '', iterations = ''] = /r=([^,]+),s=([^,]+),i=(\d+)/.exec(challenge) ?? [];
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const clientKey = hmac(salted, 'Client Key');
  const bare = `c=biws,r=${nonce}`;
  const whole = `${said},r=${nonce},s=${salt},i=${iterations},${bare}`;
  const signature = hmac(createHash('sha256').update(clientKey).digest(), whole);
  const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)));
  return final(`${bare},p=${proof.toString('base64')}`);
}

export class TestClient {
  readonly socket: Socket;
  heard = '';
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => (this.heard += chunk.toString('latin1')));
    socket.once('close', () => (this.closed = true));
  }

  static connect(port: number, host = '127.0.0.1'): Promise<TestClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host, noDelay: true }, () => resolve(new TestClient(socket)));
      socket.once('error', reject);
    });
  }

  say(...parts: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** Resolves with what was heard when it matches, or when the connection is closed, or when time is up. */
  async until(wanted: RegExp | string, withinMs = 5_000): Promise<string> {
    const deadline = performance.now() + withinMs;
    const isThere = () =>
      typeof wanted === 'string' ? this.heard.includes(wanted) : wanted.test(this.heard);
    while (!isThere() && !this.closed && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 2));
    return this.heard;
  }

  /** Resolves with all that was heard, when the other side has closed. */
  end(withinMs = 5_000): Promise<string> {
    return this.until(/(?!)/, withinMs);
  }
}
