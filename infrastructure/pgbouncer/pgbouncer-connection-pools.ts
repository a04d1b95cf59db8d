/**
 * The pooler's entries. The desired pools are held in memory; the files are rendered whole from them, renamed
 * into place, taken up by RELOAD and verified by SHOW DATABASES: 1.18 says success even when it stopped
 * reading at a bad line. Reloads are coalesced, because each one stalls every client for a moment.
 *
 * Whether PgBouncer is our child or somebody else runs it makes no difference here: its files and its console are
 * watched, and what was lost, changed by hand or could not be taken up is put right as soon as it can be.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Refused, unavailable } from '../../application/errors.ts';
import type {
  ManagedConnectionPools,
  Pool,
  PoolDrift,
  PoolUsage,
} from '../../application/ports/connection-pools.ts';
import type { Log } from '../../application/ports/log.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { SystemUser } from '../process/system-user.ts';
import {
  AdminConsole,
  cutOff,
  isNo,
  isOpen,
  letIn,
  openAnew,
  servedEntries,
  servedSettings,
  whatIsServed,
} from './admin-console.ts';
import { entriesNamed, FILES, isServedAs, mostFiles, needsStart } from './pgbouncer-files.ts';
import { poolUsage } from './pool-usage.ts';
import { PgbouncerProgram, type PgbouncerProgramOptions } from './pgbouncer-program.ts';
import { driftOfFile, driftOfServed, driftOfSettings, type SeenDrift } from './pool-drift.ts';
import { ADMIN, linesOfPool, poolerFiles, verifierOfAdmin, type PoolerPlace } from './pooler-content.ts';
import { PoolerFolder } from './pooler-folder.ts';
import { USUAL_PACE, type PoolerPace } from './pooler-pace.ts';
import { BackOff } from '../../application/background/back-off.ts';
import { unlessStopped } from '../../application/background/deadline.ts';
import { KeyedQueue } from '../../application/background/keyed-queue.ts';

export interface PgbouncerOptions extends PoolerPlace {
  /** where its console is reached when it has no unix socket; default 127.0.0.1 */
  readonly host?: string;
  readonly adminPassword: string;
  readonly user: SystemUser | undefined;
  readonly log: Log;
  /** to run it as our child; without it somebody else does, and shares the folder with us */
  readonly program?: Pick<PgbouncerProgramOptions, 'binary' | 'logFile'> & {
    /** asked when no pooler was left to adopt */
    readonly beforeLaunch?: () => Promise<void>;
  };
  readonly pace?: PoolerPace;
}

const { main: MAIN, entries: ENTRIES, logins: LOGINS, access: ACCESS } = FILES;

export class PgbouncerConnectionPools implements ManagedConnectionPools {
  readonly enabled = true;
  readonly #options: PgbouncerOptions & { readonly pace: PoolerPace };
  readonly #folder: PoolerFolder;
  readonly #console: AdminConsole;
  readonly #program: PgbouncerProgram | undefined;
  readonly #pools = new Map<ProjectId, Pool>();
  readonly #listeners: ((drift: PoolDrift) => void)[] = [];
  /** our part of each file, as we left it */
  readonly #written = new Map<string, string>();
  /** names that the operator has entries of */
  #foreign: ReadonlySet<string> = new Set();
  /** what the last reload made of the entries: served as wanted, and not so */
  #verified: ReadonlyMap<ProjectId, Pool> = new Map();
  #wrong: ReadonlySet<ProjectId> = new Set();
  /** as the last reload left them */
  #settings: ReadonlyMap<string, string | null> = new Map();
  #restored = false;
  #adminVerifier = '';
  /** the reload that has not begun yet: everybody whose change came before it waits for it */
  #next: Promise<void> | undefined;
  #current: Promise<void> = Promise.resolve();
  #lastReload = -Infinity;
  readonly #writing = new KeyedQueue<'files'>();
  readonly #retries: BackOff;
  /** PgBouncer may not have what the files say: when to try again */
  #retryAt: number | undefined;
  #mended = Promise.withResolvers<void>();
  #stopping = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  constructor(options: PgbouncerOptions) {
    const { folder: path, user, log, port, adminPassword: password, program, pace = USUAL_PACE } = options;
    const host = options.doors.socketFolder ?? options.host ?? '127.0.0.1';
    this.#options = { ...options, pace };
    this.#retries = new BackOff({ firstMs: pace.lookEveryMs, longestMs: pace.askEveryMs });
    const shared = program === undefined;
    this.#folder = new PoolerFolder({ path, user, fileMode: shared ? 0o640 : 0o600, shared });
    this.#console = new AdminConsole({ host, port, user: ADMIN, password }, pace.answersWithinMs);
    this.#program =
      program &&
      new PgbouncerProgram({
        ...program,
        user,
        log,
        mainFile: this.#folder.file(MAIN),
        beforeLaunch: async () => {
          await this.#writeFiles();
          await program.beforeLaunch?.();
        },
        ready: (ended) => this.#console.untilItAnswers(ended),
        onRestarted: () => this.#fellBehind(),
      });
  }

  get port(): number {
    return this.#options.port;
  }

  get pid(): number | undefined {
    return this.#program?.pid;
  }

  /** @throws {Refused} another manager writes the files */
  async restore(pools: readonly Pool[]): Promise<void> {
    await this.#folder.open();
    const { own: logins = '' } = await this.#folder.read(LOGINS);
    this.#adminVerifier = await verifierOfAdmin(this.#options.adminPassword, logins);
    this.#pools.clear();
    for (const pool of pools) this.#pools.set(pool.project, pool);
    // settings such as the port are read at a start only: one that runs with others is ended
    if (needsStart((await this.#folder.read(MAIN)).own, this.#render().get(MAIN))) await this.#program?.end();
    await this.#writeFiles();
    this.#restored = true;
    await this.#program?.start(mostFiles(pools));
    await this.#takenUp();
    this.#watch();
  }

  async register(pool: Pool, signal?: AbortSignal): Promise<void> {
    this.#requireRestored(signal);
    // one that cannot be written would keep all others from being written
    linesOfPool(pool, this.#options);
    const { project } = pool;
    if (this.#isKnown(pool) && (await this.#console.administer('see an entry', isOpen(project)))) return;
    this.#pools.set(project, pool);
    await unlessStopped(this.#reload(), signal);
    if (this.#foreign.has(project)) {
      throw new Refused(
        `the pooler's files have an entry ${project} outside of LaunchDB's part; take it out of them`,
      );
    }
    if (this.#wrong.has(project))
      throw unavailable('pooler', `have the pooler take up the entry of ${project}`);
  }

  async unregister(project: ProjectId, signal?: AbortSignal): Promise<void> {
    this.#requireRestored(signal);
    this.#pools.delete(project);
    await unlessStopped(this.#reload(), signal);
    if (this.#wrong.has(project))
      throw unavailable('pooler', `have the pooler forget the entry of ${project}`);
  }

  /** An entry that the files have lost, or hold in another form, is not there: the next start would miss it. */
  async list(): Promise<readonly ProjectId[]> {
    const { servers } = this.#options;
    const served = await this.#console.administer('list the pools', servedEntries);
    const parts = await Promise.all([ENTRIES, LOGINS, ACCESS].map((name) => this.#folder.read(name)));
    const written = new Set(parts.flatMap(({ own = '' }) => own.split(/(?<=\n)/)));
    const whole = ({ project, shown }: (typeof served)[number]) => {
      const pool = this.#pools.get(project);
      if (!pool) return true;
      const lines = linesOfPool(pool, this.#options);
      return isServedAs(shown, pool, servers) && lines.every((line) => written.has(line));
    };
    const ours = served.filter(({ project }) => !this.#foreign.has(project));
    return ours.filter(whole).map(({ project }) => project);
  }

  async usage(): Promise<readonly PoolUsage[]> {
    const usage = await this.#console.administer('ask what goes on in the pools', poolUsage);
    return usage.filter(({ project }) => this.#pools.has(project));
  }

  onDisturbed(listener: (drift: PoolDrift) => void): void {
    this.#listeners.push(listener);
  }

  async stop(): Promise<void> {
    this.#restored = false;
    this.#stopping.abort();
    await this.#watching;
    await this.#console.close();
    await this.#program?.stop();
    await this.#folder.close();
  }

  /** Settings of a project change more often than its entry, and a reload is everybody's. */
  #isKnown = (pool: Pool): boolean =>
    this.#retryAt === undefined &&
    [this.#pools, this.#verified].every((known) => isDeepStrictEqual(known.get(pool.project), pool));

  #requireRestored(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    // files rendered from half of the pools would cut the others off
    if (!this.#restored) throw unavailable('pooler', 'change the pools before they were restored');
  }

  /** Nothing that stands in the way of one entry, or of a pooler that somebody else runs, keeps us from starting. */
  async #takenUp(): Promise<void> {
    const { log } = this.#options;
    try {
      if (!this.#program) await this.#console.untilItAnswers();
      await this.#reload();
      if (this.#wrong.size > 0)
        log.error({ entries: [...this.#wrong] }, 'the pooler does not take entries up');
    } catch (error) {
      if (this.#program) throw error;
      this.#fellBehind();
      log.error({ err: error }, 'the pooler does not answer; its files are written, and it is asked again');
    }
  }

  /** Resolves when a reload that began after this call has been verified. */
  #reload(): Promise<void> {
    this.#next ??= this.#current
      .catch(() => {})
      .then(() => sleep(Math.max(this.#lastReload + this.#options.pace.reloadEveryMs - performance.now(), 0)))
      .then(() => {
        this.#current = this.#next ?? Promise.resolve();
        this.#next = undefined;
        this.#lastReload = performance.now();
        return this.#apply();
      });
    return this.#next;
  }

  async #apply(): Promise<void> {
    try {
      await this.#writeFiles();
      await this.#console.administer('have the pooler serve its entries', async (client) => {
        const wanted = new Map([...this.#pools].filter(([project]) => !this.#foreign.has(project)));
        const stray = ({ project }: { project: ProjectId }) =>
          !wanted.has(project) && !this.#foreign.has(project);
        // cut off at once, even if the files are not taken up
        const before = await servedEntries(client);
        for (const { project } of before.filter(stray)) await cutOff(client, project);
        await client.query('RELOAD');
        // somebody may have taken the console's own login out of the file at this very moment
        if ((await this.#folder.read(LOGINS)).own !== this.#written.get(LOGINS))
          throw unavailable('pooler', 'have the logins taken up: they were changed meanwhile');
        this.#settings = await servedSettings(client);
        const served = await servedEntries(client);
        const taken = served.filter(({ project, shown }) => {
          const pool = wanted.get(project);
          return pool !== undefined && isServedAs(shown, pool, this.#options.servers);
        });
        for (const entry of taken) await letIn(client, entry);
        await openAnew(client, before, wanted);
        const isTaken = new Set(taken.map(({ project }) => project));
        this.#verified = new Map([...wanted].filter(([project]) => isTaken.has(project)));
        const missing = [...wanted.keys()].filter((project) => !isTaken.has(project));
        this.#wrong = new Set([...missing, ...served.filter(stray).map(({ project }) => project)]);
      });
    } catch (error) {
      this.#fellBehind();
      if (isNo(error)) await this.#hangUp();
      throw error;
    }
    if (this.#wrong.size > 0) return this.#fellBehind();
    this.#retryAt = undefined;
    this.#retries.reset();
    this.#mended.resolve();
    this.#mended = Promise.withResolvers();
  }

  /** Our login was taken out, that was taken up, and there was no session left: a signal needs none. */
  async #hangUp(): Promise<void> {
    if (this.#program) return this.#program.hangUp();
    // whoever runs it watches this file, see watched-pgbouncer.sh
    await this.#folder.replace('reload-wanted', `${new Date().toISOString()}\n`);
  }

  #fellBehind(): void {
    this.#retryAt = performance.now() + this.#retries.next();
  }

  #render(): ReadonlyMap<string, string> {
    const pools = [...this.#pools.values()].filter(({ project }) => !this.#foreign.has(project));
    return poolerFiles(pools, this.#options, this.#adminVerifier);
  }

  /** One at a time: a program of ours that starts again writes them, too. */
  #writeFiles(): Promise<void> {
    return this.#writing.run('files', () => this.#writeEach());
  }

  async #writeEach(): Promise<void> {
    const theirs = await Promise.all([MAIN, ENTRIES].map((name) => this.#folder.read(name)));
    this.#foreign = entriesNamed(theirs.map(({ others }) => others).join('\n'));
    const seen: SeenDrift[] = [];
    for (const [name, text] of this.#render()) {
      const found = await this.#folder.write(name, text);
      const written = this.#written.get(name);
      this.#written.set(name, text);
      if (written !== undefined) seen.push(...driftOfFile(name, written, found));
    }
    this.#tell(seen);
  }

  /** An entry that differs in two files differs once. */
  #tell(seen: readonly SeenDrift[]): void {
    const drifts = new Map(seen.map((drift) => [drift.project ?? drift.what, drift]));
    for (const drift of drifts.values()) {
      this.#options.log.warn({ ...drift }, 'the pooler was changed by somebody else; putting it right');
      for (const listener of this.#listeners) listener({ ...drift, mended: this.#mended.promise });
    }
  }

  #watch(): void {
    this.#stopping.abort();
    const { signal } = (this.#stopping = new AbortController());
    this.#watching = (async () => {
      for (let askAt = 0; !signal.aborted;) {
        await sleep(this.#options.pace.lookEveryMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
        const ask = performance.now() >= askAt;
        if (ask) askAt = performance.now() + this.#options.pace.askEveryMs;
        await this.#look(ask).catch((error: unknown) => {
          this.#options.log.debug({ err: error }, 'the pooler could not be looked at, or put right');
        });
      }
    })();
  }

  async #look(ask: boolean): Promise<void> {
    const changed = await this.#folder.changed(Object.values(FILES));
    if (this.#retryAt !== undefined) return performance.now() < this.#retryAt ? undefined : this.#reload();
    if (changed) return this.#reload();
    if (!ask) return;
    const [verified, loaded] = [this.#verified, this.#settings];
    const { served, settings } = await this.#console
      .administer('look at what is served', whatIsServed)
      .catch((error) => {
        this.#fellBehind();
        throw error;
      });
    // what is being changed at this moment is no drift
    const settled = ({ project }: SeenDrift) =>
      project !== undefined && this.#pools.has(project) === verified.has(project);
    const ours = served.filter(({ project }) => !this.#foreign.has(project));
    const seen = [
      ...driftOfServed(ours, verified, this.#options.servers).filter(settled),
      // a reload under way has taken up others
      ...(loaded === this.#settings ? driftOfSettings(loaded, settings) : []),
    ];
    this.#tell(seen);
    if (seen.length > 0) await this.#reload();
  }
}
