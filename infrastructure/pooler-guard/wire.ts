/** What the guard itself says in PostgreSQL's protocol, and how it says no. */

/** The conditions that the guard answers with, by PostgreSQL's names for them. */
const SQLSTATES = {
  protocol_violation: '08P01',
  connection_failure: '08006',
  feature_not_supported: '0A000',
  invalid_authorization_specification: '28000',
  invalid_catalog_name: '3D000',
  too_many_connections: '53300',
  admin_shutdown: '57P01',
  cannot_connect_now: '57P03',
} as const;

export type Condition = keyof typeof SQLSTATES;

/** A no to the client, which reads its text: no secrets, and of what the client sent only what {@link quoted} lets through. */
export class Refusal extends Error {
  readonly condition: Condition;

  constructor(condition: Condition, text: string) {
    super(text);
    this.name = 'Refusal';
    this.condition = condition;
  }
}

export const violation = (text: string): Refusal => new Refusal('protocol_violation', text);

/** Short and printable, whatever a stranger sent. */
export const quoted = (text: string): string =>
  `"${text
    .slice(0, 63)
    .replaceAll(/[^\x21-\x7e]/g, '?')
    .replaceAll('"', '?')}"`;

const NUL = Buffer.from([0]);

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** Text that ends with a NUL. */
export const cString = (text: string): Buffer => Buffer.concat([Buffer.from(text, 'utf8'), NUL]);

/** A packet without a type, as the first ones of a client are. */
export const packet = (...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length + 4), body]);
};

export const message = (type: string, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from(type, 'latin1'), packet(...parts)]);

export const errorResponse = ({ condition, message: text }: Refusal): Buffer => {
  const fields = { S: 'FATAL', V: 'FATAL', C: SQLSTATES[condition], M: text };
  const written = Object.entries(fields).map(([field, value]) => cString(`${field}${value}`));
  return message('E', ...written, NUL);
};

export const PROTOCOL_3 = 3 << 16;

export const startupPacket = (parameters: Iterable<readonly [string, string]>): Buffer =>
  packet(
    int32(PROTOCOL_3),
    ...[...parameters].flatMap(([name, value]) => [cString(name), cString(value)]),
    NUL,
  );

export const SCRAM = 'SCRAM-SHA-256';

/** The offer of one mechanism: TLS ends at the guard, so nothing can be bound to its channel. */
export const saslOffer = (): Buffer => message('R', int32(10), cString(SCRAM), NUL);

/** To a client that would speak a later version of the protocol, or use options of it: 3.0, without them. */
export const negotiateVersion = (unknownOptions: readonly string[]): Buffer =>
  message('v', int32(0), int32(unknownOptions.length), ...unknownOptions.map(cString));
