/** Gives a mail to an SMTP server. */
import type { Mail } from './user-directory.ts';

export interface SmtpAccount {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; otherwise where the server offers it, and with a password always */
  readonly secure: boolean;
  readonly user: string | null;
  readonly password: string | null;
  readonly from: { readonly name: string | null; readonly address: string };
  /** false: whoever named the host is not to reach our own networks by it */
  readonly mayBePrivate: boolean;
}

/**
 * - `refused`: the server will not have this mail, now or ever; it has not got it
 * - `away`: nobody to talk to, or not to us; it has not got it
 * - `dropped`: `handOver` said no; it has not got it
 * - `unknown`: it was given all of it and has not answered
 */
export type Delivery =
  | { readonly outcome: 'sent' | 'dropped' }
  | { readonly outcome: 'refused'; readonly forEver: boolean; readonly reason: string }
  | { readonly outcome: 'away' | 'unknown'; readonly reason: string };

export interface Mailer {
  /**
   * @param handOver asked when the server has everything but the end of the mail: it counts only with that
   * @param signal gives up, until `handOver` was asked
   * @throws what `handOver` throws; the server has not got the mail then
   */
  send(
    account: SmtpAccount,
    mail: Mail,
    handOver: () => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<Delivery>;
}
