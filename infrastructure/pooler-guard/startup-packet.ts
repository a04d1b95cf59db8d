/**
 * The first packet of a client, read as if by somebody who has never met a friendly one: a length within bounds, one
 * of four kinds, parameters that are known and given once. What goes on to the pooler is written anew from what was
 * understood here, so nothing else can reach it.
 */
import { isLoginName, isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { optionsOf } from './startup-options.ts';
import { PROTOCOL_3, quoted, Refusal, startupPacket, violation } from './wire.ts';

export interface StartupPacket {
  readonly kind: 'startup';
  readonly user: string;
  readonly database: ProjectId;
  /** as the pooler gets it */
  readonly packet: Buffer;
  /** undefined: the client speaks 3.0 and asks for nothing that we do not know */
  readonly unknownOptions: readonly string[] | undefined;
}

export type FirstPacket =
  /** a handshake of TLS begins, of which nothing is taken */
  | { readonly kind: 'tls-handshake' }
  | { readonly kind: 'tls-request' }
  | { readonly kind: 'gss-request' }
  | { readonly kind: 'cancel-request'; readonly packet: Buffer }
  | StartupPacket;

/** PostgreSQL's own bound */
const LONGEST = 10_000;
const LONGEST_VALUE = 256;
/** PostgreSQL cuts names at this length */
const LONGEST_NAME = 63;
const TLS_HANDSHAKE = 0x16;
const CANCEL_LENGTH = 16;
const CANCEL = 80_877_102;
const TLS = 80_877_103;
const GSS = 80_877_104;

/** What drivers send and PgBouncer knows, in its spelling; they disagree about capitals. */
const KNOWN = new Map(
  [
    'application_name',
    'client_encoding',
    'DateStyle',
    'TimeZone',
    'IntervalStyle',
    'standard_conforming_strings',
    'extra_float_digits',
  ].map((name) => [name.toLowerCase(), name]),
);

/**
 * @returns undefined while it is not whole
 * @throws {Refusal} it will not become one that we take
 */
export function takeFirstPacket(bytes: Buffer): { packet: FirstPacket; size: number } | undefined {
  // no packet is that long
  if (bytes[0] === TLS_HANDSHAKE) return { packet: { kind: 'tls-handshake' }, size: 0 };
  if (bytes.length < 4) return undefined;
  const size = bytes.readInt32BE(0);
  if (size < 8 || size > LONGEST) throw violation('this is not the beginning of a PostgreSQL connection');
  if (bytes.length < 8) return undefined;
  const code = bytes.readInt32BE(4);
  const special = size === 8 || code === CANCEL;
  if (special) requireSpecial(code, size);
  else requireVersion(code);
  if (bytes.length < size) return undefined;
  const whole = bytes.subarray(0, size);
  if (code === TLS) return { packet: { kind: 'tls-request' }, size };
  if (code === GSS) return { packet: { kind: 'gss-request' }, size };
  if (code === CANCEL) return { packet: { kind: 'cancel-request', packet: Buffer.from(whole) }, size };
  return { packet: startupOf(pairsOf(whole.subarray(8)), code - PROTOCOL_3), size };
}

function requireSpecial(code: number, size: number): void {
  const right = code === CANCEL ? size === CANCEL_LENGTH : code === TLS || code === GSS;
  if (!right) throw violation('invalid startup packet');
}

function requireVersion(code: number): void {
  if (code >> 16 === 3) return;
  const text =
    code >> 16 === 2 ? 'protocol 2.0 is not spoken here: use a newer client' : 'invalid startup packet';
  throw code >> 16 === 2 ? new Refusal('feature_not_supported', text) : violation(text);
}

/** Names with their values, each given once. Latin 1 keeps every byte as it is. */
function pairsOf(body: Buffer): Map<string, string> {
  if (body.at(-1) !== 0) throw violation('invalid startup packet: it has no end');
  // the last parameter's end, and the packet's own
  const texts = body.subarray(0, -1).toString('latin1').split('\0');
  if (texts.pop() !== '') throw violation('invalid startup packet: a parameter has no end');
  if (texts.length % 2 !== 0) throw violation('invalid startup packet: a parameter has no value');
  const pairs = new Map<string, string>();
  for (let at = 0; at < texts.length; at += 2) {
    const [name = '', value = ''] = texts.slice(at, at + 2);
    if (name === '') throw violation('invalid startup packet: bytes after its end');
    if (pairs.has(name)) throw violation(`invalid startup packet: ${quoted(name)} is given twice`);
    pairs.set(name, value);
  }
  return pairs;
}

function startupOf(pairs: Map<string, string>, minor: number): StartupPacket {
  const [user, database] = [pairs.get('user') ?? '', pairs.get('database') ?? ''];
  const names = [...pairs.keys()];
  // those of later versions of the protocol are for the taking
  const unknownOptions = names.filter((name) => name.startsWith('_pq_.'));
  const parameters = new Map<string, string>();
  for (const [name, value] of optionsOf(pairs.get('options') ?? '')) add(parameters, name, value);
  refuseReplication(pairs.get('replication') ?? 'off');
  const handled = new Set(['user', 'database', 'options', 'replication', ...unknownOptions]);
  for (const [name, value] of pairs) if (!handled.has(name)) add(parameters, name, value);
  requireProject(user, database);
  return {
    kind: 'startup',
    user,
    database,
    packet: startupPacket([['user', user], ['database', database], ...parameters]),
    unknownOptions: minor > 0 || unknownOptions.length > 0 ? unknownOptions : undefined,
  };
}

function add(parameters: Map<string, string>, given: string, value: string): void {
  const name = KNOWN.get(given.toLowerCase());
  if (name === undefined) {
    throw new Refusal(
      'feature_not_supported',
      `the startup parameter ${quoted(given)} cannot be set through the pooler: use SET LOCAL in a transaction, or ` +
        'ALTER ROLE ... SET for all sessions',
    );
  }
  if (name === 'application_name') {
    parameters.set(name, value.slice(0, LONGEST_NAME).replaceAll(/[^\x20-\x7e]/g, '?'));
    return;
  }
  if (!/^[\x20-\x7e]*$/.test(value) || value.length > LONGEST_VALUE)
    throw violation(`the value of the startup parameter ${quoted(given)} cannot be used`);
  parameters.set(name, value);
}

function refuseReplication(value: string): void {
  if (/^(0|n|no|f|false|off)$/i.test(value)) return;
  throw new Refusal('feature_not_supported', 'the pooler has no replication connections');
}

/** Each database has its own logins, and the console is nobody's business who comes this way. */
function requireProject(user: string, database: string): asserts database is ProjectId {
  if (user === '')
    throw new Refusal('invalid_authorization_specification', 'the startup packet names no user');
  if (!isProjectId(database)) {
    throw new Refusal(
      'invalid_catalog_name',
      `database ${quoted(database)} is no project's: its name is proj_ and 16 hexadecimal digits`,
    );
  }
  if (isLoginName(user, database)) return;
  throw new Refusal(
    'invalid_authorization_specification',
    `user ${quoted(user)} is no login of the database ${quoted(database)}`,
  );
}
