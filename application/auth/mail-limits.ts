/**
 * How often a stranger may have a mail sent to an address, and how many codes they may guess for it. Counted in memory, by
 * address and not by user: who has no account is told the same as who has one.
 */
import type { ProjectId } from '../../domain/project/project-id.ts';
import { networkOf } from '../../domain/platform/network-of.ts';
import { AuthError } from './auth-error.ts';
import { KeptByUse } from '../kept-by-use.ts';

/** Those that a stranger can ask for; what they ask for may send one of several kinds. */
export type AskedMail = 'confirmation' | 'recovery' | 'email_change';

export interface MailLimitOptions {
  /** of one project: the oldest make room */
  readonly addresses: number;
  readonly wrongCodes: number;
  /** of anybody's, from one network in an hour: whoever knows an address knows what hashes of its codes there may be */
  readonly wrongHashes: number;
}

const HOUR_MS = 3_600_000;
const OPTIONS: MailLimitOptions = { addresses: 10_000, wrongCodes: 10, wrongHashes: 100 };

interface Known {
  readonly askedAt: Map<AskedMail, number>;
  tries: number;
  /** of the first of them */
  since: number;
}

export class MailLimits {
  readonly #options: MailLimitOptions;
  readonly #projects = new Map<ProjectId, KeptByUse<Known>>();

  constructor(options: Partial<MailLimitOptions> = {}) {
    this.#options = { ...OPTIONS, ...options };
  }

  /**
   * Before it is known whether anybody has the address.
   * @param mails all that it may become, by who has the address: whoever is to wait for one of them waits, whoever they are
   * @returns takes it back: nothing came of it, by no fault of whoever asked
   * @throws {AuthError} 429
   */
  ask(
    project: ProjectId,
    mails: readonly AskedMail[],
    address: string,
    everySeconds: number,
    now: Date,
  ): () => void {
    const { askedAt } = this.#known(project, address);
    for (const mail of mails) requirePause(askedAt.get(mail), everySeconds, now);
    for (const mail of mails) askedAt.set(mail, now.getTime());
    return () => mails.forEach((mail) => askedAt.delete(mail));
  }

  /**
   * Counts one more guess, before it is looked whether it is right, so that many at once are no way around it.
   * @returns false: too many were wrong since then
   */
  mayTry(
    project: ProjectId,
    address: string,
    { now, lifeMs }: { readonly now: Date; readonly lifeMs: number },
  ) {
    return ++this.#within(project, address, now, lifeMs).tries <= this.#options.wrongCodes;
  }

  /**
   * The same for hashes, which tell nobody whose they are: by where they come from.
   * @returns it was right: takes it back @throws {AuthError} 429
   */
  tryHash(project: ProjectId, ip: string | null, now: Date): () => void {
    const from = `from ${networkOf(ip ?? '')}`;
    const known = this.#within(project, from, now, HOUR_MS);
    if (++known.tries > this.#options.wrongHashes)
      throw new AuthError(
        429,
        'over_request_rate_limit',
        'Too many links that are not valid, try again later',
      );
    // that one alone: a right one of their own is no way to begin anew
    return () => void known.tries--;
  }

  #within(project: ProjectId, key: string, now: Date, lifeMs: number): Known {
    const known = this.#known(project, key);
    if (now.getTime() - known.since > lifeMs) [known.tries, known.since] = [0, now.getTime()];
    return known;
  }

  /** There is a new code, made at that time: guesses of the one before it say nothing about it. */
  newCode(project: ProjectId, address: string, at: Date): void {
    const known = this.#projects.get(project)?.get(address);
    if (known && at.getTime() > known.since) [known.tries, known.since] = [0, at.getTime()];
  }

  /** Whoever reads the mails of this address was here. */
  forget(project: ProjectId, address: string): void {
    this.#projects.get(project)?.delete(address);
  }

  #known(project: ProjectId, address: string): Known {
    const addresses = this.#projects.get(project) ?? new KeptByUse<Known>(this.#options.addresses);
    this.#projects.set(project, addresses);
    const known = addresses.get(address) ?? { askedAt: new Map(), tries: 0, since: 0 };
    addresses.put(address, known);
    return known;
  }
}

/** @param last when the one before was sent, in milliseconds since 1970 @returns the seconds that are left of it */
export function pauseLeft(last: number | undefined, everySeconds: number, now: Date): number {
  const left = last === undefined ? 0 : Math.ceil((last + everySeconds * 1000 - now.getTime()) / 1000);
  // a clock that was set back locks nobody out
  return left <= 0 || left > everySeconds ? 0 : left;
}

/** For whoever has shown who they are: strangers are not told. @throws {AuthError} 429 */
export function requirePause(last: number | undefined, everySeconds: number, now: Date): void {
  const left = pauseLeft(last, everySeconds, now);
  if (left === 0) return;
  const message = `For security purposes, you can only request this after ${left} seconds.`;
  throw new AuthError(429, 'over_email_send_rate_limit', message);
}
