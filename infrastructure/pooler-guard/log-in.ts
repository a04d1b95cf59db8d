/**
 * The one conversation that leads to a session: SCRAM-SHA-256, each message in its turn, each looked at before it goes
 * on. Neither side's parser sees anything that this file does not expect: PgBouncer's has ended at messages of strangers
 * (CVE-2026-6664, CVE-2026-19888), and a second startup packet made one a login that they were not (CVE-2026-107350). A
 * pooler that asks for a password in another way is not ours, and gets none.
 */
import type { Inbox, Message } from './inbox.ts';
import { quoted, Refusal, saslOffer, SCRAM, violation } from './wire.ts';

export interface Parties {
  readonly client: Inbox;
  readonly pooler: Inbox;
  readonly toClient: (bytes: Buffer) => void;
  readonly toPooler: (bytes: Buffer) => void;
  /** the client has proved who it is. @throws {Refusal} and may not come in all the same */
  readonly onProven: () => void;
}

/** The pooler has said no, in its own words, which the client has got. */
export class LogInRefused extends Error {
  readonly wrongPassword: boolean;

  constructor(wrongPassword: boolean) {
    super();
    this.wrongPassword = wrongPassword;
  }
}

const AUTHENTICATION = { ok: 0, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;
/** what RFC 5802 lets a nonce consist of */
const NONCE = '[\\x21-\\x2b\\x2d-\\x7e]{1,256}';
const FIRST = new RegExp(`^([ny]),,n=(?:[^,=\\0]|=2C|=3D){0,512},r=(${NONCE})$`);
const CHALLENGE = new RegExp(`^r=(${NONCE}),s=[A-Za-z0-9+/=]+,i=[0-9]+$`);
const FINAL = new RegExp(`^c=(biws|eSws),r=(${NONCE}),p=[A-Za-z0-9+/]{43}=$`);
/** what the client repeats of its first message, in base 64 */
const BINDINGS: Readonly<Record<string, string>> = { n: 'biws', y: 'eSws' };

/**
 * Resolves when the client is logged in and knows it.
 * @throws {LogInRefused} @throws {Refusal} @throws the reason of an end of the sockets
 */
export async function logIn(parties: Parties): Promise<void> {
  const { client, toClient, toPooler, onProven } = parties;
  requireMechanism(await fromPooler(parties, 'sasl'));
  toClient(saslOffer());
  const first = await client.message();
  const { binding, nonce } = firstOf(first);
  toPooler(first.whole);
  const challenge = await fromPooler(parties, 'saslContinue');
  const serverNonce = serverNonceOf(challenge, nonce);
  toClient(challenge.whole);
  const final = await client.message();
  requireFinal(final, binding, serverNonce);
  if (!client.empty) throw violation('a message out of turn');
  toPooler(final.whole);
  const proof = await fromPooler(parties, 'saslFinal');
  onProven();
  toClient(proof.whole);
  toClient((await fromPooler(parties, 'ok')).whole);
}

async function fromPooler(
  { pooler, toClient }: Parties,
  wanted: keyof typeof AUTHENTICATION,
): Promise<Message> {
  for (;;) {
    const message = await pooler.message();
    if (message.type === 'E') {
      toClient(message.whole);
      throw new LogInRefused(wanted === 'saslFinal');
    }
    if (message.type === 'N') {
      toClient(message.whole);
      continue;
    }
    const known = message.type === 'R' && message.body.length >= 4;
    if (known && message.body.readInt32BE(0) === AUTHENTICATION[wanted]) return message;
    throw new Refusal('connection_failure', 'the pooler does not log in as it should; tell your operator');
  }
}

function requireMechanism(offer: Message): void {
  if (offer.body.subarray(4).toString('latin1').split('\0').includes(SCRAM)) return;
  throw new Refusal('connection_failure', `the pooler does not offer ${SCRAM}; tell your operator`);
}

/** SASLInitialResponse: a mechanism, a length, and as many bytes. */
function firstOf(message: Message): { binding: string; nonce: string } {
  const body = saslBody(message);
  const end = body.indexOf(0);
  const mechanism = body.toString('latin1', 0, end);
  if (end < 0 || mechanism !== SCRAM)
    throw violation(`the mechanism of the log-in must be ${SCRAM}, not ${quoted(mechanism)}`);
  const rest = body.subarray(end + 1);
  if (rest.length < 4 || rest.readInt32BE(0) !== rest.length - 4)
    throw violation('the first message of the log-in has a wrong length');
  const [, flag = '', nonce] = FIRST.exec(rest.toString('latin1', 4)) ?? [];
  const binding = BINDINGS[flag];
  if (nonce === undefined || binding === undefined)
    throw violation('the first message of the log-in is not as SCRAM has it');
  return { binding, nonce };
}

function serverNonceOf({ body }: Message, clientNonce: string): string {
  const [, nonce] = CHALLENGE.exec(body.toString('latin1', 4)) ?? [];
  if (nonce !== undefined && nonce.startsWith(clientNonce) && nonce !== clientNonce) return nonce;
  throw new Refusal('connection_failure', 'the pooler does not log in as SCRAM has it; tell your operator');
}

function requireFinal(message: Message, binding: string, serverNonce: string): void {
  const [, repeated, nonce] = FINAL.exec(saslBody(message).toString('latin1')) ?? [];
  if (repeated !== binding || nonce !== serverNonce)
    throw violation('the last message of the log-in is not as SCRAM has it');
}

function saslBody({ type, body }: Message): Buffer {
  if (type !== 'p') throw violation(`a message of type ${quoted(type)} before the log-in is over`);
  return body;
}
