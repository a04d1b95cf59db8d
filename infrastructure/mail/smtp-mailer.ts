/** Mails by SMTP. What an owner names as their server is looked up once, and reached where it was found. */
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { within } from '../../application/background/deadline.ts';
import type { Delivery, Mailer, SmtpAccount } from '../../application/ports/mailer.ts';
import type { Mail } from '../../application/ports/user-directory.ts';
import { addressesOf, systemLookup, type Lookup } from '../network/host-addresses.ts';
import { isLoopbackAddress, isPublicAddress } from '../network/public-address.ts';

export interface SmtpMailerOptions {
  /** default: the system's */
  readonly lookup?: Lookup;
  readonly connectMs?: number;
  /** without a word of the server's */
  readonly silentMs?: number;
  /** for all of it, whatever the server says on the way */
  readonly mostMs?: number;
}

const MAX_REASON = 300;

export class SmtpMailer implements Mailer {
  readonly #lookup: Lookup;
  readonly #connectMs: number;
  readonly #silentMs: number;
  readonly #mostMs: number;

  constructor({
    lookup = (host) => systemLookup(host).catch(() => []),
    connectMs = 10_000,
    silentMs = 20_000,
    mostMs = 120_000,
  }: SmtpMailerOptions = {}) {
    this.#mostMs = mostMs;
    this.#lookup = lookup;
    this.#connectMs = connectMs;
    this.#silentMs = silentMs;
  }

  async send(
    account: SmtpAccount,
    mail: Mail,
    handOver: () => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<Delivery> {
    const address = await this.#addressOf(account, signal);
    if (address === undefined)
      return { outcome: 'away', reason: `${account.host} has no address that may be reached` };
    const message = await composed(account, mail);
    const { connection, broken } = this.#connection(account, address);
    const held = new HeldBack(message, handOver);
    const stopped = Promise.withResolvers<never>();
    stopped.promise.catch(() => {});
    const stop = () => stopped.reject(new Error('it took too long'));
    const giveUp = () => {
      if (!held.isAsked) stop();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    const timer = setTimeout(stop, this.#mostMs);
    try {
      await Promise.race([deliver(connection, account, mail, held.stream), broken, stopped.promise]);
      return { outcome: 'sent' };
    } catch (error) {
      if (held.failure !== undefined) throw held.failure;
      return held.isDropped ? { outcome: 'dropped' } : failed(error, held.isGiven);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      connection.close();
    }
  }

  /** undefined: none, or one that whoever named it may not reach */
  async #addressOf({ host, mayBePrivate }: SmtpAccount, signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) return undefined;
    const found = await within(this.#connectMs, addressesOf(host, this.#lookup), () => []);
    return found.find((address) => mayBePrivate || isPublicAddress(address));
  }

  #connection({ host, port, secure, user }: SmtpAccount, address: string) {
    // a password goes over a line that nobody reads along, or stays on this machine
    const requireTLS = !secure && user !== null && !isLoopbackAddress(address);
    const connection = new SMTPConnection({
      host: address,
      port,
      secure,
      requireTLS,
      ...(!isIP(host) && { servername: host }),
      tls: { rejectUnauthorized: secure || requireTLS },
      connectionTimeout: this.#connectMs,
      greetingTimeout: this.#connectMs,
      socketTimeout: this.#silentMs,
      socketCloseTimeout: 1_000,
      maxResponseSize: 64 * 1024,
      allowInternalNetworkInterfaces: true,
    });
    const broken = new Promise<never>((_resolve, reject) => connection.on('error', reject));
    broken.catch(() => {});
    return { connection, broken };
  }
}

/** The end of the message, without which it does not count, comes when `handOver` has said that it may. */
class HeldBack {
  readonly stream: Readable;
  isAsked = false;
  isGiven = false;
  isDropped = false;
  failure: Error | undefined;

  constructor(message: Buffer, handOver: () => Promise<boolean>) {
    this.stream = Readable.from(this.#parts(message, handOver), { objectMode: false });
  }

  async *#parts(message: Buffer, handOver: () => Promise<boolean>): AsyncGenerator<Buffer> {
    yield message;
    this.isAsked = true;
    try {
      this.isGiven = await handOver();
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error('it cannot be handed over', { cause: error });
      throw this.failure;
    }
    this.isDropped = !this.isGiven;
    if (this.isDropped) throw new Error('it is another process to send it');
  }
}

async function composed({ from }: SmtpAccount, mail: Mail): Promise<Buffer> {
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  const { subject, text, html, createdAt: date } = mail;
  return new MailComposer({
    from: { name: from.name ?? '', address: from.address },
    to: { name: '', address: mail.to },
    subject,
    text,
    html,
    date,
    // the same each time: whoever should get it twice can tell
    messageId: `<${mail.id}@${domain}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build();
}

async function deliver(
  connection: SMTPConnection,
  { user, password, from }: SmtpAccount,
  mail: Mail,
  message: Readable,
): Promise<void> {
  await answered((done) => connection.connect(done));
  if (user !== null) {
    const credentials = { user, pass: password ?? '' };
    await answered((done) => connection.login({ user, credentials }, done));
  }
  await answered((done) => connection.send({ from: from.address, to: [mail.to] }, message, done));
  connection.quit();
}

const answered = (ask: (done: (error?: Error | null) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => ask((error) => (error ? reject(error) : resolve())));

function failed(error: unknown, isGiven: boolean): Delivery {
  const {
    command = '',
    code,
    responseCode,
    response,
  } = error as {
    readonly command?: string;
    readonly code?: string;
    readonly responseCode?: number;
    readonly response?: string;
  };
  const said = response ?? (error instanceof Error ? error.message : String(code));
  const reason = `${command} ${said}`
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, MAX_REASON);
  const isAboutTheMail = ['RCPT TO', 'DATA'].includes(command) || code === 'EENVELOPE' || code === 'EMESSAGE';
  if (responseCode === undefined && isGiven) return { outcome: 'unknown', reason };
  if (isGiven || (isAboutTheMail && command !== 'MAIL FROM'))
    return { outcome: 'refused', forEver: responseCode === undefined || responseCode >= 500, reason };
  return { outcome: 'away', reason };
}
