/**
 * Sends what waits in projects' outboxes: one mail at a time for a project, so that a slow server of one owner's holds up
 * nobody else's mails, and a number of projects at once.
 */
import type { AuthSecrets, AuthSettings } from '../../domain/auth/auth-settings.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Rejection } from '../../domain/rejection.ts';
import { pauseAfter, type Pauses } from '../background/back-off.ts';
import { Refused } from '../errors.ts';
import { inParallel } from '../background/in-parallel.ts';
import type { AuthMetrics } from '../ports/auth-metrics.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { ClaimedMail, MailOutbox, MailResult } from '../ports/mail-outbox.ts';
import type { Delivery, Mailer, SmtpAccount } from '../ports/mailer.ts';

interface MailProject {
  readonly id: ProjectId;
  readonly settings: Pick<AuthSettings, 'smtp'>;
  readonly secrets: Pick<AuthSecrets, 'smtpPassword'>;
}

export interface MailSenderDependencies {
  readonly outbox: MailOutbox;
  readonly mailer: Mailer;
  /** @throws {Rejection} its mails wait: it is paused, or on its way out */
  readonly find: (project: ProjectId) => Promise<MailProject>;
  readonly served: () => Promise<readonly ProjectId[]>;
  /** of projects that have no SMTP server of their own; undefined: their mails are kept for whoever develops them */
  readonly operatorAccount: SmtpAccount | undefined;
  /** an owner may name a server in our own networks */
  readonly allowPrivate: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<AuthMetrics, 'mail'>;
  readonly bounds?: Partial<MailBounds>;
}

export interface MailBounds {
  /** projects that mails are sent for */
  readonly atOnce: number;
  /** of one project, before it is the next one's turn */
  readonly mailsInATurn: number;
  /** until a mail is given up */
  readonly tries: number;
  readonly pauses: Pauses;
  /** what a mail may take until it is handed over; its lease is longer */
  readonly sendMs: number;
  readonly leaseMs: number;
  /** what has waited longer, as in a project that was paused, is of no use any more */
  readonly oldestMs: number;
  /** between two looks whether a project, whose mails wait, is paused still */
  readonly pausedMs: number;
}

const MAIL_BOUNDS: MailBounds = {
  atOnce: 20,
  mailsInATurn: 10,
  tries: 8,
  pauses: { firstMs: 10_000, longestMs: 600_000 },
  sendMs: 40_000,
  leaseMs: 60_000,
  oldestMs: 86_400_000,
  pausedMs: 60_000,
};

const LOOKS_AT_ONCE = 4;
/** A look leaves a session of each project's with the pooler, for a minute: so many, and four a second, are 300 at most. */
const LOOKS_WITHOUT_PAUSE = 60;
const PAUSE_MS = 1_000;
const SETTLE_TRIES = 5;
const SOON_MS = 1_000;

/** `kept`: there is no server to send it to */
type Outcome = Delivery | { readonly outcome: 'kept' };

/** `more`: its turn is over, not its mails; a number: look again in so many milliseconds */
type TurnEnd = 'more' | number | undefined;

export class MailSender {
  readonly #deps: MailSenderDependencies;
  readonly #bounds: MailBounds;
  /** whose turn is to come, in this order */
  readonly #due = new Set<ProjectId>();
  readonly #turns = new Map<ProjectId, Promise<void>>();
  /** nothing is sent for them until then, since their server is away */
  readonly #resting = new Map<ProjectId, number>();
  readonly #alarms = new Map<ProjectId, AbortController>();
  readonly #stopping = new AbortController();

  constructor(deps: MailSenderDependencies) {
    this.#deps = deps;
    this.#bounds = { ...MAIL_BOUNDS, ...deps.bounds };
  }

  /** To be called when the transaction that left a mail there is over. */
  mailWaits({ id }: { readonly id: ProjectId }): void {
    const rests = this.#resting.has(id) && this.#alarms.has(id);
    if (rests || this.#stopping.signal.aborted) return;
    this.#due.add(id);
    this.#begin();
  }

  /** At every project: for mails that a process left there that died, and for what nobody needs any more. */
  async look(): Promise<void> {
    const { signal } = this.#stopping;
    let looks = 0;
    await inParallel(await this.#deps.served(), LOOKS_AT_ONCE, async (project) => {
      if (++looks > LOOKS_WITHOUT_PAUSE) await this.#deps.clock.sleep(PAUSE_MS, signal);
      if (signal.aborted) return;
      try {
        await this.#deps.outbox.tidy(project);
        this.mailWaits({ id: project });
      } catch (error) {
        this.#quiet(error, project);
      }
    });
  }

  /** Mails that are handed over get their answer; others are let go of, and sent after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const alarm of this.#alarms.values()) alarm.abort();
    this.#due.clear();
    await Promise.all(this.#turns.values());
  }

  #begin(): void {
    for (const project of this.#due) {
      if (this.#turns.size >= this.#bounds.atOnce) return;
      if (this.#turns.has(project)) continue;
      this.#due.delete(project);
      const turn = this.#turn(project)
        .catch((error: unknown): TurnEnd => {
          this.#quiet(error, project);
          return this.#after(error, project);
        })
        .then((end) => {
          this.#turns.delete(project);
          if (end === 'more') this.#due.add(project);
          else if (end !== undefined) this.#wakeIn(project, end);
          this.#begin();
        });
      this.#turns.set(project, turn);
    }
  }

  async #turn(id: ProjectId): Promise<TurnEnd> {
    const { outbox, find } = this.#deps;
    const project = await find(id);
    for (let count = 0; count < this.#bounds.mailsInATurn; count++) {
      if (this.#stopping.signal.aborted) return undefined;
      const { mail, ...none } = await outbox.claim(id, this.#bounds.leaseMs);
      if (!mail) return 'waitMs' in none ? none.waitMs : undefined;
      const outcome = await this.#send(project, mail);
      const result = this.#resultOf(outcome, mail);
      if (result) await this.#settle(id, mail, result);
      this.#deps.metrics.mail(outcome.outcome);
      // all the others would find the same
      if (outcome.outcome === 'away') return this.#rest(id);
      this.#resting.delete(id);
    }
    return 'more';
  }

  async #send(project: MailProject, mail: ClaimedMail): Promise<Outcome> {
    if (this.#deps.clock.now().getTime() - mail.createdAt.getTime() > this.#bounds.oldestMs)
      return { outcome: 'refused', forEver: true, reason: 'it had waited for too long' };
    const account = this.#accountOf(project);
    return account ? this.#deliver(account, project.id, mail) : { outcome: 'kept' };
  }

  #deliver(account: SmtpAccount, project: ProjectId, mail: ClaimedMail): Promise<Delivery> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.#bounds.sendMs)]);
    const handOver = () => this.#deps.outbox.handOver(project, mail);
    return this.#deps.mailer.send(account, mail, handOver, signal).catch(
      // whether it was written down or not, the server has not got the end of it
      (): Delivery => ({ outcome: 'away', reason: 'the outbox is away' }),
    );
  }

  /** undefined: it is another process's by now */
  #resultOf(delivery: Outcome, { tries }: ClaimedMail): MailResult | undefined {
    switch (delivery.outcome) {
      case 'sent':
      case 'kept':
        return { state: delivery.outcome };
      case 'dropped':
        return undefined;
      case 'unknown':
        return { state: 'unknown', error: delivery.reason };
      case 'refused':
      case 'away': {
        const isLast = tries >= this.#bounds.tries || (delivery.outcome === 'refused' && delivery.forEver);
        if (isLast) return { state: 'failed', error: delivery.reason };
        const afterMs = pauseAfter(tries, this.#bounds.pauses);
        return { state: 'waiting', error: delivery.reason, afterMs };
      }
    }
  }

  #accountOf({ settings: { smtp }, secrets }: MailProject): SmtpAccount | undefined {
    if (!smtp) return this.#deps.operatorAccount;
    const { host, port, user, senderEmail: address, senderName: name } = smtp;
    const mayBePrivate = this.#deps.allowPrivate;
    return {
      host,
      port,
      secure: port === 465,
      user,
      password: secrets.smtpPassword,
      from: { name, address },
      mayBePrivate,
    };
  }

  /** What is not written down as sent is not sent again; what could not be sent has to be written down, or nobody tries again. */
  async #settle(project: ProjectId, mail: ClaimedMail, result: MailResult): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#deps.outbox.settle(project, mail, result);
        return;
      } catch (error) {
        if (tries >= SETTLE_TRIES || this.#stopping.signal.aborted) throw error;
        await this.#deps.clock.sleep(SOON_MS * tries, this.#stopping.signal);
      }
    }
  }

  /** @returns how long nothing is tried for the project, longer with each time in a row */
  #rest(project: ProjectId): number {
    const times = (this.#resting.get(project) ?? 0) + 1;
    this.#resting.set(project, times);
    return pauseAfter(times, this.#bounds.pauses);
  }

  #wakeIn(project: ProjectId, ms: number): void {
    this.#alarms.get(project)?.abort();
    if (this.#stopping.signal.aborted) return;
    const alarm = new AbortController();
    this.#alarms.set(project, alarm);
    void this.#deps.clock.sleep(Math.max(ms, 0), alarm.signal).then(() => {
      if (alarm.signal.aborted) return;
      this.#alarms.delete(project);
      this.mailWaits({ id: project });
    });
  }

  #after(error: unknown, project: ProjectId): TurnEnd {
    if (error instanceof Rejection)
      return error.code === 'project/not-active' ? this.#bounds.pausedMs : undefined;
    return error instanceof Refused ? undefined : this.#rest(project);
  }

  #quiet(error: unknown, project: ProjectId): void {
    // paused, gone, not upgraded yet: its mails wait, and nobody has to know
    const level = error instanceof Rejection || error instanceof Refused ? 'debug' : 'warn';
    this.#deps.log[level]({ project, error }, 'could not look for mails');
  }
}
