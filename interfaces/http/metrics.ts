/**
 * What the platform counts, in one place: each service serves all that is counted in its process. Labels come from
 * small sets; a project's id is one only where there are no more of them than there is room for projects in service.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AuthMetrics } from '../../application/ports/auth-metrics.ts';
import type { StorageMetrics } from '../../application/ports/storage-metrics.ts';
import { within } from '../../application/background/deadline.ts';

const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];
const STEP_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const APPEND_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 20];
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** a second factor: of a session that is there */
const RAISES: ReadonlySet<string> = new Set(['totp', 'recovery_code', 'mfa/webauthn']);
const COLLECT_WITHIN_MS = 2_000;

/** Asks somebody for values at a scrape. */
export interface Collector {
  readonly name: string;
  /** what it sets; emptied before, so that what it cannot learn now is absent and not old */
  readonly sets: readonly { reset(): void }[];
  collect(): Promise<void>;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #collectors: Collector[] = [];
  #collecting: Promise<unknown> | undefined;

  readonly #requests = this.#counter('http_requests_total', 'Requests that were answered.', [
    'service',
    'method',
    'route',
    'status',
  ]);
  readonly #requestSeconds = this.#histogram(
    'http_request_duration_seconds',
    'Until the end of the answer.',
    ['service', 'method', 'route'],
    REQUEST_SECONDS,
  );
  readonly #stepSeconds = this.#histogram(
    'step_duration_seconds',
    'Tries of the steps of processes.',
    ['process', 'step', 'direction', 'outcome'],
    STEP_SECONDS,
  );
  readonly #appendSeconds = this.#histogram(
    'event_store_append_duration_seconds',
    'Appends to the log; a conflict is one that somebody else was quicker than.',
    ['outcome'],
    APPEND_SECONDS,
  );
  readonly #appended = this.#counter('event_store_events_appended_total', 'Events that were appended.');
  readonly #drift = this.#counter('drift_detected_total', 'What was found to differ from the log.', ['what']);
  readonly #failures = this.#counter('collect_failures_total', 'Scrapes that had to do without something.', [
    'collector',
  ]);

  readonly #sessionsEnded = this.#counter(
    'sessions_ended_total',
    "Times that sessions of projects' logins were ended, by what they were over.",
    ['over'],
  );

  readonly tasks = {
    runs: this.#counter('task_runs_total', 'Runs of what is done again and again.', ['task', 'outcome']),
    seconds: this.#gauge('task_last_run_seconds', 'How long the last run took.', ['task']),
    endedAt: this.#gauge('task_last_run_timestamp_seconds', 'When the last run ended.', ['task']),
  };
  readonly projections = {
    lag: this.#gauge(
      'projection_lag_events',
      'How many positions of the log a view has not taken in; with EventStoreDB positions have gaps.',
      ['projection'],
    ),
  };
  readonly logServer = {
    leader: this.#gauge('event_store_leader', "1 for the node of the log's server that leads.", ['node']),
    away: this.#gauge('event_store_away_seconds', "For how long no node of the log's server has answered."),
    lastAway: this.#gauge('event_store_last_away_seconds', 'The same of the last time that one came back.'),
  };
  readonly projects = this.#gauge('projects', 'Projects that are not purged.', ['status']);
  readonly capacity = {
    used: this.#gauge('capacity_projects_used', 'Projects that take a place: in service, or on their way.', [
      'server',
    ]),
    limit: this.#gauge('capacity_projects_limit', 'Projects that PostgreSQL has connections for.', [
      'server',
    ]),
    connections: this.#gauge('capacity_postgres_max_connections', "PostgreSQL's max_connections.", [
      'server',
    ]),
  };
  readonly dataApis = this.#gauge('data_apis', 'REST APIs of projects.', ['state']);
  readonly databasesAtLimit = this.#gauge(
    'databases_at_limit',
    'Databases that come near their size limit or are over it.',
    ['level'],
  );
  readonly pools = {
    clients: this.#gauge('pool_clients', "A project's clients at the pooler.", ['project', 'state']),
    servers: this.#gauge('pool_servers', "The pooler's sessions in a project's database.", [
      'project',
      'state',
    ]),
    waitSeconds: this.#gauge('pool_max_wait_seconds', 'For how long the first client in line has waited.', [
      'project',
    ]),
    transactions: this.#counter('pool_transactions_total', 'Since the pooler serves the project.', [
      'project',
    ]),
  };

  readonly poolerGuard = {
    open: this.#gauge('pooler_guard_connections_open', "Connections at the pooler's guard.", ['state']),
    connections: this.#counter(
      'pooler_guard_connections_total',
      "Connections to the pooler's guard, by what became of them: a session, or why not.",
      ['outcome'],
    ),
  };

  readonly passwordChecks = {
    now: this.#gauge(
      'password_checks',
      "Passwords of owners and of projects' users that are hashed, or wait for it.",
      ['state'],
    ),
    refused: this.#counter('password_checks_refused_total', 'Times that too many waited.'),
  };
  readonly sweptFiles = {
    files: this.#counter('storage_swept_files_total', 'Files that no row named, and that were removed.'),
    bytes: this.#counter('storage_swept_bytes_total', 'What they took.'),
  };
  readonly pictures = {
    now: this.#gauge('storage_pictures', 'Pictures that are changed, or wait for it.', ['state']),
    keptBytes: this.#gauge('storage_pictures_kept_bytes', 'What was made of pictures, and is kept.'),
  };
  readonly auth: AuthMetrics = this.#authMetrics();
  readonly storage: StorageMetrics = this.#storageMetrics();

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    // nobody has been asked yet: absent, and not 0
    const { away, lastAway } = this.logServer;
    for (const gauge of [away, lastAway]) gauge.remove();
  }

  answered(request: {
    readonly service: string;
    readonly method: string;
    /** as declared: a request's own path could be anything */
    readonly route: string;
    readonly status: number;
    readonly durationMs: number;
  }): void {
    const { service, route, status, durationMs } = request;
    const method = METHODS.has(request.method) ? request.method : 'other';
    this.#requests.inc({ service, method, route, status: String(status) });
    this.#requestSeconds.observe({ service, method, route }, durationMs / 1000);
  }

  sessionsEnded(over: string): void {
    this.#sessionsEnded.inc({ over });
  }

  stepTried(
    step: { readonly process: string; readonly step: string; readonly direction: 'do' | 'undo' },
    outcome: 'done' | 'failed',
    durationMs: number,
  ): void {
    this.#stepSeconds.observe({ ...step, outcome }, durationMs / 1000);
  }

  /** @param events how many came into the log */
  appended(outcome: 'appended' | 'conflict' | 'failed', events: number, durationMs: number): void {
    this.#appendSeconds.observe({ outcome }, durationMs / 1000);
    this.#appended.inc(events);
  }

  #authMetrics(): AuthMetrics {
    const signIns = this.#counter('auth_sign_ins_total', 'Sign-ins of users of projects.', [
      'method',
      'outcome',
    ]);
    const sessions = this.#counter(
      'auth_sessions_total',
      'Sessions of users of projects that began, were refreshed, or got a second factor.',
      ['event'],
    );
    const refusals = this.#counter('auth_refusals_total', 'Answers of the auth service that are errors.', [
      'code',
    ]);
    const mails = this.#counter('auth_mails_total', 'Mails to users of projects, by what became of them.', [
      'became',
    ]);
    return {
      signedIn(method) {
        signIns.inc({ method, outcome: 'done' });
        sessions.inc({ event: RAISES.has(method) ? 'raised' : 'begun' });
      },
      signInRefused: (method) => signIns.inc({ method, outcome: 'refused' }),
      sessionRefreshed: () => sessions.inc({ event: 'refreshed' }),
      refused: (code) => refusals.inc({ code }),
      mail: (became) => mails.inc({ became }),
    };
  }

  #storageMetrics(): StorageMetrics {
    const bytes = this.#counter(
      'storage_bytes_total',
      'Bytes of files of projects that were stored or sent.',
      ['direction'],
    );
    const refusals = this.#counter(
      'storage_refusals_total',
      'Answers of the storage service that are errors.',
      ['code'],
    );
    const pictures = this.#histogram(
      'storage_picture_duration_seconds',
      'Pictures that were changed, or refused; with the time for which they waited.',
      ['outcome'],
      STEP_SECONDS,
    );
    return {
      moved: (direction, count) => bytes.inc({ direction }, count),
      picture: (outcome, durationMs) => pictures.observe({ outcome }, durationMs / 1000),
      refused: (code) => refusals.inc({ code }),
    };
  }

  driftDetected(what: string): void {
    this.#drift.inc({ what });
  }

  /** Has somebody asked at every scrape. */
  collectFrom(collector: Collector): void {
    this.#collectors.push(collector);
  }

  readonly contentType = this.#registry.contentType;

  /** What a collector cannot tell in time is left out: a scrape comes to its end whatever is away. */
  async render(): Promise<string> {
    // two services of one process are asked at about the same time
    this.#collecting ??= Promise.all(this.#collectors.map((one) => this.#collect(one))).finally(
      () => (this.#collecting = undefined),
    );
    await this.#collecting;
    return this.#registry.metrics();
  }

  async #collect(collector: Collector): Promise<void> {
    for (const one of collector.sets) one.reset();
    const failed = () => this.#failures.inc({ collector: collector.name });
    await within(COLLECT_WITHIN_MS, collector.collect(), failed).catch(failed);
  }

  #counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return new Counter({ name: `launchdb_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return new Gauge({ name: `launchdb_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, labelNames: readonly string[], buckets: number[]): Histogram {
    const registers = [this.#registry];
    return new Histogram({ name: `launchdb_${name}`, help, labelNames, buckets, registers });
  }
}
