import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takeFirstPacket, type StartupPacket } from './startup-packet.ts';
import { GSS_REQUEST, startup, TLS_REQUEST } from '../testing/guard-client.ts';
import { int32, packet, Refusal, startupPacket } from './wire.ts';

const DATABASE = 'proj_0123456789abcdef';
const OWNER = `${DATABASE}_owner`;
const named = (more: Readonly<Record<string, string>> = {}) => startup(OWNER, DATABASE, more);
const taken = (bytes: Buffer) => takeFirstPacket(bytes)?.packet;
const passedOn = (more: Readonly<Record<string, string>>) => (taken(named(more)) as StartupPacket).packet;

describe('what drivers send is taken', () => {
  // as seen on the wire
  test.each([
    ['psql', { application_name: 'psql', client_encoding: 'UTF8' }],
    ['pg', { client_encoding: 'UTF8', application_name: 'shop' }],
    ['postgres.js', { application_name: 'postgres.js', client_encoding: 'UTF8' }],
    ['Prisma up to 6, tokio-postgres', { client_encoding: 'UTF8' }],
    [
      'JDBC',
      { client_encoding: 'UTF8', DateStyle: 'ISO', TimeZone: 'Europe/Berlin', extra_float_digits: '3' },
    ],
    ['asyncpg', { client_encoding: "'utf-8'" }],
    ['sqlx', { DateStyle: 'ISO, MDY', client_encoding: 'UTF8', TimeZone: 'UTC', extra_float_digits: '2' }],
  ])('%s', (_driver, more: Record<string, string>) => {
    expect(takeFirstPacket(named(more))).toEqual({
      size: named(more).length,
      packet: {
        kind: 'startup',
        user: OWNER,
        database: DATABASE,
        packet: named(more),
        unknownOptions: undefined,
      },
    });
  });

  test('names as the pooler knows them, whatever their capitals', () => {
    expect(passedOn({ datestyle: 'ISO, MDY', timezone: 'UTC' })).toEqual(
      named({ DateStyle: 'ISO, MDY', TimeZone: 'UTC' }),
    );
  });

  test('the application’s name cut and printable, as PostgreSQL makes it', () => {
    expect(passedOn({ application_name: `Büro ${'x'.repeat(100)}` }).toString()).toContain(
      `B??ro ${'x'.repeat(57)}\0`,
    );
  });

  test('settings in options, as parameters; one that is also given by itself counts', () => {
    const options = '-c TimeZone=UTC --DateStyle=ISO,\\ MDY -cextra_float_digits=3';
    expect(passedOn({ options, TimeZone: 'Asia/Tokyo' })).toEqual(
      named({ TimeZone: 'Asia/Tokyo', DateStyle: 'ISO, MDY', extra_float_digits: '3' }),
    );
    expect(passedOn({ options: ' ' })).toEqual(named());
  });

  test('no replication is no replication', () => {
    expect(passedOn({ replication: 'false' })).toEqual(named());
  });

  test('a later version of the protocol, to be spoken to in 3.0', () => {
    const later = named({ '_pq_.command_tag': 'on' });
    expect(taken(later)).toMatchObject({ unknownOptions: ['_pq_.command_tag'], packet: named() });
    later.writeInt32BE((3 << 16) | 2, 4);
    expect(taken(later)).toMatchObject({ unknownOptions: ['_pq_.command_tag'], packet: named() });
    const plain = named();
    plain.writeInt32BE((3 << 16) | 2, 4);
    expect(taken(plain)).toMatchObject({ unknownOptions: [] });
  });

  test.each(['authenticator', 'auth'])(
    'its other logins, such as %s: which there are, the pooler knows',
    (name) => {
      expect(taken(startup(`${DATABASE}_${name}`, DATABASE))).toMatchObject({ kind: 'startup' });
    },
  );
});

test('requests for TLS, GSS and a cancellation', () => {
  expect(taken(TLS_REQUEST)).toEqual({ kind: 'tls-request' });
  expect(taken(GSS_REQUEST)).toEqual({ kind: 'gss-request' });
  const cancel = packet(int32(80_877_102), int32(4711), int32(-1));
  expect(taken(cancel)).toEqual({ kind: 'cancel-request', packet: cancel });
  expect(taken(Buffer.from([0x16, 3, 1, 2]))).toEqual({ kind: 'tls-handshake' });
});

test('whole at its last byte, and not before', () => {
  const [whole, rest] = [named({ application_name: 'psql' }), Buffer.from('more')];
  for (let size = 0; size < whole.length; size++)
    expect(takeFirstPacket(whole.subarray(0, size))).toBeUndefined();
  expect(takeFirstPacket(Buffer.concat([whole, rest]))?.size).toBe(whole.length);
});

describe('refused is', () => {
  const other = 'proj_fedcba9876543210';
  test.each([
    ['the console', startup('launchdb_admin', 'pgbouncer'), /is no project's/],
    ['a stranger at the console', startup('nobody', 'pgbouncer'), /is no project's/],
    ['the platform’s database', startup('postgres', 'postgres'), /is no project's/],
    ['another project’s login', startup(`${other}_owner`, DATABASE), /is no login of/],
    ['a login of nobody’s', startup('postgres', DATABASE), /is no login of/],
    ['no user', startupPacket([['database', DATABASE]]), /names no user/],
    ['no database', startupPacket([['user', OWNER]]), /is no project's/],
    ['a name that goes on after a line', startup(`${OWNER}\n`, DATABASE), /is no login of/],
    ['a parameter that the pooler does not know', named({ search_path: 'x' }), /"search_path" cannot be set/],
    ['the same in options', named({ options: '-c statement_timeout=0' }), /"statement_timeout" cannot/],
    ['a user in options', named({ options: '-c user=postgres' }), /"user" cannot/],
    ['options that are no settings', named({ options: '-d 5' }), /may only hold settings/],
    ['options that end too early', named({ options: '-c' }), /may only hold settings/],
    ['replication', named({ replication: 'database' }), /no replication/],
    ['a value that is not printable', named({ DateStyle: 'ISO\x01' }), /cannot be used/],
    ['a long value', named({ DateStyle: 'x'.repeat(257) }), /cannot be used/],
    ['a parameter given twice', twice(), /"user" is given twice/],
    ['protocol 2', withCode(2 << 16), /protocol 2.0/],
    ['protocol 4', withCode(4 << 16), /invalid startup packet/],
    ['a cancellation of another length', packet(int32(80_877_102), int32(1)), /invalid startup packet/],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /not the beginning of a PostgreSQL connection/],
    ['a negative length', int32(-1), /not the beginning/],
    ['a length of nothing', int32(4), /not the beginning/],
    ['a length above the bound', int32(10_001), /not the beginning/],
    ['no end', packet(int32(3 << 16), Buffer.from('user\0x\0x')), /it has no end/],
    ['an end within a value', packet(int32(3 << 16), Buffer.from('user\0x\0')), /has no end/],
    ['a name alone', packet(int32(3 << 16), Buffer.from('user\0\0')), /has no value/],
    [
      'bytes after the end',
      packet(int32(3 << 16), Buffer.from('user\0x\0\0x\0y\0\0')),
      /no value|after its end/,
    ],
  ])('%s', (_what, bytes, text) => {
    expect(() => takeFirstPacket(bytes)).toThrow(text);
  });

  function twice(): Buffer {
    return startupPacket([
      ['user', OWNER],
      ['database', DATABASE],
      ['user', 'postgres'],
    ]);
  }
  function withCode(code: number): Buffer {
    return packet(int32(code), Buffer.from('user\0x\0\0'));
  }
});

test('whatever comes is a packet, no packet yet, or a refusal whose text is printable', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.uint8Array({ maxLength: 300 }).map((body) => packet(int32(3 << 16), Buffer.from(body))),
    fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }).map((more) => startup(OWNER, DATABASE, more)),
    fc.string({ unit: 'binary' }).map((options) => named({ options })),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      try {
        const found = takeFirstPacket(Buffer.from(given));
        return found === undefined || found.size <= given.length;
      } catch (error) {
        return error instanceof Refusal && /^[\x20-\x7e]{1,400}$/.test(error.message);
      }
    }),
    { numRuns: 200 },
  );
});
