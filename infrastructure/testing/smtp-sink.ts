/** An SMTP server that keeps what it is sent, for tests. */
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface SunkMail {
  readonly from: string;
  readonly to: readonly string[];
  /** as it was sent */
  readonly raw: string;
  /** by their names in lower case, unfolded and decoded */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly html: string;
}

export interface SmtpSink {
  readonly port: number;
  readonly mails: readonly SunkMail[];
  /** cuts every session off */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

/**
 * @param options `onData` takes the place of ours, which keeps what comes
 * @param taken is told what has come; until it is done, the client hears nothing of it
 */
export async function smtpSink(
  options: SMTPServerOptions = {},
  taken: (mail: SunkMail) => Promise<void> | void = () => {},
): Promise<SmtpSink> {
  const mails: SunkMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    disableReverseLookup: true,
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('end', () => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : '';
        const to = envelope.rcptTo.map(({ address }) => address);
        const mail = parsedMail(Buffer.concat(chunks), from, to);
        mails.push(mail);
        void (async () => {
          await taken(mail);
          done();
        })();
      });
    },
    ...options,
  });
  server.on('error', () => {});
  const sockets = new Set<Socket>();
  const listening: Server = server.listen(0, '127.0.0.1');
  listening.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await once(listening, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (listening.address() as AddressInfo).port,
    mails,
    cut,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}

function parsedMail(raw: Buffer, from: string, to: readonly string[]): SunkMail {
  const whole = raw.toString('latin1');
  const { headers, body } = part(whole);
  const boundary = /boundary="?([^";]+)"?/.exec(headers.get('content-type') ?? '')?.[1];
  const parts = boundary === undefined ? [part(whole)] : body.split(`--${boundary}`).slice(1, -1).map(part);
  const content = (type: string) => {
    const found = parts.find((one) => (one.headers.get('content-type') ?? '').startsWith(type));
    return found ? decoded(found.body, found.headers.get('content-transfer-encoding') ?? '7bit') : '';
  };
  return { from, to, raw: whole, headers, text: content('text/plain'), html: content('text/html') };
}

function part(text: string) {
  const trimmed = text.replace(/^\r\n/, '');
  const end = trimmed.indexOf('\r\n\r\n');
  const lines = trimmed
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      return [name.toLowerCase(), words(value)];
    }),
  );
  return { headers, body: trimmed.slice(end + 4) };
}

/** RFC 2047 */
const words = (value: string): string =>
  value
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_all, kind: string, text: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(text, 'base64').toString('utf8')
        : unquoted(text.replaceAll('_', ' ')),
    );

function decoded(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding === 'quoted-printable') return unquoted(body.replaceAll(/=\r\n/g, ''));
  return Buffer.from(body, 'latin1').toString('utf8');
}

const unquoted = (text: string): string =>
  Buffer.from(
    text.replaceAll(/=([0-9A-F]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');
