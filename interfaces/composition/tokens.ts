/**
 * What the container holds, by name and type. A wrong type in a binding or an injection is a compile error, so
 * nothing needs emitted metadata and no class outside this folder knows that there is a container.
 */
import type { ServiceIdentifier } from 'inversify';
import type pg from 'pg';
import type { Background, PeriodicTask } from '../../application/background/background.ts';
import type { TaskBoard } from '../../application/background/task-board.ts';
import type { KnownOperators } from '../../application/operator/known-operators.ts';
import type { LongWork } from '../../application/operator/long-work.ts';
import type { OperatedPlatform } from '../../application/operator/operated-platform.ts';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import type { ImageTransformer } from '../../application/ports/image-transformer.ts';
import type { ObjectStore } from '../../application/ports/object-store.ts';
import type { StorageDependencies } from '../../application/storage/storage-dependencies.ts';
import type { StorageDirectory } from '../../application/ports/storage-directory.ts';
import type { UploadSpool } from '../../application/ports/upload-spool.ts';
import type { FileUsage } from '../../application/storage/file-usage.ts';
import type { ProjectFiles } from '../../application/ports/project-files.ts';
import type { ProjectUsage } from '../../application/ports/project-usage.ts';
import type { S3KeyVault } from '../../application/ports/s3-keys.ts';
import type { SignedLinks } from '../../application/ports/signed-links.ts';
import type { StorageProject } from '../../application/storage/storage-project.ts';
import type { StorageLimits } from '../../domain/storage/storage-settings.ts';
import type { AuthProject } from '../../application/auth/auth-project.ts';
import type { KnownProjects } from '../../application/project/known-projects.ts';
import type { MailSender } from '../../application/auth/mail-sender.ts';
import type { AuthSecretVault } from '../../application/ports/auth-secret-vault.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { ConnectionPools, ManagedConnectionPools } from '../../application/ports/connection-pools.ts';
import type { DataApis, Endpoint as Address, ManagedDataApis } from '../../application/ports/data-apis.ts';
import type { DatabaseSizes } from '../../application/ports/database-sizes.ts';
import type { Databases } from '../../application/ports/databases.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { Ids } from '../../application/ports/ids.ts';
import type { Log } from '../../application/ports/log.ts';
import type { MailOutbox } from '../../application/ports/mail-outbox.ts';
import type { Migrations } from '../../application/ports/migrations.ts';
import type { OwnerAccounts } from '../../application/ports/owner-accounts.ts';
import type { OwnerMigrations } from '../../application/ports/owner-migrations.ts';
import type { Passwords } from '../../application/ports/passwords.ts';
import type { PersonalTokens } from '../../application/ports/personal-tokens.ts';
import type { SchemaChanges } from '../../application/ports/schema-changes.ts';
import type { StepProgress } from '../../application/ports/step-progress.ts';
import type { Secrets } from '../../application/ports/secrets.ts';
import type { SigningKeyVault } from '../../application/ports/signing-keys.ts';
import type { TenantConnections } from '../../application/ports/tenant-connections.ts';
import type { Tracing } from '../../application/ports/tracing.ts';
import type { AdmissionDependencies, Admissions, SparePlaces } from '../../application/project/admissions.ts';
import type { ProjectRequest } from '../../application/project/request-project.ts';
import type { Spares } from '../../application/project/spares.ts';
import type { ServerOf } from '../../application/project/server-of-project.ts';
import type { Tokens } from '../../application/ports/tokens.ts';
import type { UsageDependencies } from '../../application/reconcilers/sample-usage.ts';
import type { DataApiStarts } from '../../application/reconcilers/start-data-apis.ts';
import type { ProjectReconciler } from '../../application/reconcilers/keep-projects-reachable.ts';
import type { ManagedWorld, World } from '../../application/desired/world.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import type { ProjectLogin } from '../../domain/project/project-logins.ts';
import type { InternalClient } from '../../infrastructure/internal-client/internal-client.ts';
import type { RemoteDataApis } from '../../infrastructure/internal-client/remote-data-apis.ts';
import type { GuardThread } from '../../infrastructure/pooler-guard/guard-thread.ts';
import type { PostgresServer } from '../../infrastructure/postgres/postgres-server.ts';
import type { CheckpointWatch } from '../../projections/checkpoint-watch.ts';
import type { Config } from '../config.ts';
import type { Endpoint as HttpEndpoint } from '../http/endpoint.ts';
import type { ApiEndpoint } from '../platform-api/api-endpoint.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Traffic } from '../gateway/traffic.ts';
import type { Wake } from '../gateway/wake-queue.ts';
import type { RemoteGateways } from '../manager/remote-gateways.ts';
import type { Part } from './lifecycle.ts';
import type { ContainerHost } from './docker-runtime.ts';
import type { InstalledProgram } from './installed-program.ts';
import type { Machine } from './machine.ts';
import type { PlatformOptions } from './platform-options.ts';
import type { ProjectsServers } from './projects-servers.ts';

const token = <T>(name: string): ServiceIdentifier<T> => Symbol(name);

export const TOKENS = {
  options: token<PlatformOptions>('options'),
  config: token<Config>('config'),
  machine: token<Machine>('machine'),
  log: token<Log>('log'),
  clock: token<Clock>('clock'),
  /** what runs again and again in this process */
  background: token<Background>('background'),
  metrics: token<Metrics>('metrics'),
  tracing: token<Tracing>('tracing'),
  ids: token<Ids>('ids'),
  secrets: token<Secrets>('secrets'),
  /** opens and makes keys that users' tokens are signed with */
  signingKeys: token<SigningKeyVault>('signing-keys'),
  /** that every project has */
  projectLogins: token<readonly ProjectLogin[]>('project-logins'),

  /** only where the manager is: which programs stand where */
  installed: token<() => Promise<readonly InstalledProgram[]>>('installed'),
  /** superuser's sessions on each PostgreSQL that holds projects' databases; the configuration knows of one */
  projectsServers: token<ProjectsServers>('projects-servers'),
  /** by the log: no adapter guesses it */
  serverOf: token<ServerOf>('server-of'),
  /** on which of them a new project's database will be */
  place: token<(request: ProjectRequest) => ServerName>('place'),
  /** and on the one that holds the platform's own, with the log: nothing that an owner does to theirs reaches it */
  platformServer: token<PostgresServer>('platform-server'),
  /** how the platform's own login reaches the platform's database */
  platformConnection: token<pg.ClientConfig>('platform-connection'),
  platformPool: token<pg.Pool>('platform-pool'),
  store: token<EventStore>('event-store'),
  checkpoints: token<CheckpointWatch>('checkpoints'),
  watch: token<StreamWatch>('stream-watch'),
  stepProgress: token<StepProgress>('step-progress'),

  /** what owners may install, less what would harm others on that server */
  allowedExtensions: token<(server: ServerName) => Promise<readonly string[]>>('allowed-extensions'),
  databases: token<Databases>('databases'),
  databaseSizes: token<DatabaseSizes>('database-sizes'),
  schemaChanges: token<SchemaChanges>('schema-changes'),
  /** of a project that has no limit of its own, in MiB; 0: none */
  projectSizeMb: token<number>('project-size-mb'),
  migrations: token<Migrations>('migrations'),
  /** undefined: projects do not run in containers */
  containerHost: token<ContainerHost | undefined>('container-host'),
  ownerMigrations: token<OwnerMigrations>('owner-migrations'),
  /** of this process, or the manager's from afar */
  pools: token<ConnectionPools>('connection-pools'),
  dataApis: token<DataApis>('data-apis'),
  /** what the gateway of this process sends to projects */
  traffic: token<Traffic>('traffic'),
  /** what those of other processes tell the manager */
  gateways: token<RemoteGateways>('remote-gateways'),
  wake: token<Wake>('wake'),
  /** the platform's own work in projects' databases */
  tenantConnections: token<TenantConnections>('tenant-connections'),
  /** what the leading worker looks at for them, and for limits of size */
  figureTasks: token<readonly PeriodicTask[]>('figure-tasks'),
  /** figures of how projects are used, for charts */
  projectUsage: token<ProjectUsage>('project-usage'),
  /** of every project, as far as anybody can see */
  use: token<UsageDependencies['use']>('use'),
  world: token<World>('world'),
  /** where clients reach the pooler; undefined: there is none */
  pooler: token<Address | undefined>('pooler'),
  /** only where the manager is */
  managedPools: token<ManagedConnectionPools>('managed-connection-pools'),
  /** in front of the pooler that is our child; undefined: there is none, or the operator leaves it out */
  poolerGuard: token<GuardThread | undefined>('pooler-guard'),
  managedDataApis: token<ManagedDataApis>('managed-data-apis'),
  managedWorld: token<ManagedWorld>('managed-world'),
  reconciler: token<ProjectReconciler>('reconciler'),
  dataApiStarts: token<DataApiStarts>('data-api-starts'),

  admissions: token<Admissions>('admissions'),
  /** that stand ready for whoever comes; undefined: there shall be none */
  spares: token<Spares | undefined>('spares'),
  /** what they hold, for whoever needs it */
  sparePlaces: token<SparePlaces>('spare-places'),
  /** keeps so many ready */
  spareTask: token<PeriodicTask>('spare-task'),
  /** how many projects are in service, and what there is room for */
  capacity: token<AdmissionDependencies['capacity']>('capacity'),

  /** of owners and of projects' users */
  passwords: token<Passwords>('passwords'),
  /** seals what owners set for their auth service */
  authSecretVault: token<AuthSecretVault>('auth-secret-vault'),
  /** as the auth service of this process knows them */
  authProjects: token<KnownProjects<AuthProject>>('auth-projects'),
  /** makes and seals access keys of the S3 protocol */
  s3Keys: token<S3KeyVault>('s3-keys'),
  signedLinks: token<SignedLinks>('signed-links'),
  /** what projects' files take, counted along in this process */
  fileUsage: token<FileUsage>('file-usage'),
  /** uploads that come in parts, no more of a project than it may have */
  uploadSpool: token<UploadSpool>('upload-spool'),
  storageDirectory: token<StorageDirectory>('storage-directory'),
  /** of this process, or the storage service's from afar */
  projectFiles: token<ProjectFiles>('project-files'),
  /** changes pictures, and keeps what was made of them */
  images: token<ImageTransformer>('images'),
  /** what the platform allows each project */
  storageLimits: token<StorageLimits>('storage-limits'),
  /** as the storage service of this process knows them */
  storageProjects: token<KnownProjects<StorageProject>>('storage-projects'),
  /** the bytes of projects' files; only where the storage service is */
  objectStore: token<ObjectStore>('object-store'),
  /** what the storage service's use cases share */
  storage: token<StorageDependencies>('storage'),
  mailOutbox: token<MailOutbox>('mail-outbox'),
  mailSender: token<MailSender>('mail-sender'),
  /** what the auth service's use cases share */
  auth: token<AuthDependencies>('auth'),
  ownerTokens: token<Tokens>('owner-tokens'),
  ownerAccounts: token<OwnerAccounts>('owner-accounts'),
  personalTokens: token<PersonalTokens>('personal-tokens'),
  /** who may use the operator's API */
  operators: token<KnownOperators>('operators'),
  operatedPlatform: token<OperatedPlatform>('operated-platform'),
  /** what operators have asked for of this process, and takes long */
  longWork: token<LongWork>('long-work'),
  /** what runs again and again in every process */
  taskBoard: token<TaskBoard>('task-board'),
  /** that the parts of the platform show each other; the first one is shown, any of them is accepted */
  internalKeys: token<readonly [string, ...string[]]>('internal-keys'),
  /** only where the manager is not */
  remoteDataApis: token<RemoteDataApis>('remote-data-apis'),
  managerClient: token<InternalClient>('manager-client'),
  /** where the gateway is reached, without a slash at the end */
  publicUrl: token<string>('public-url'),
  /** bound once for each group of routes */
  routes: token<readonly ApiEndpoint[]>('routes'),
  /** all of them */
  consolePages: token<readonly HttpEndpoint<never>[]>('consolePages'),
  endpoints: token<readonly ApiEndpoint[]>('endpoints'),
} as const;

/** In the order in which they start; they stop in reverse, each within a bound of its own. */
export const PARTS = {
  tracing: token<Part>('tracing'),
  poolerGuardThread: token<Part>('pooler-guard-thread'),
  postgres: token<Part>('postgres'),
  platformDatabase: token<Part>('platform-database'),
  platformSessions: token<Part>('platform-sessions'),
  eventStore: token<Part>('event-store'),
  views: token<Part>('views'),
  streamWatch: token<Part>('stream-watch'),
  connectionPools: token<Part>('connection-pools'),
  poolerGuard: token<Part>('pooler-guard'),
  tenantConnections: token<Part>('tenant-connections'),
  dataApis: token<Part>('data-apis'),
  reconciler: token<Part>('reconciler'),
  schemaFollower: token<Part>('schema-follower'),
  sessionLimits: token<Part>('session-limits'),
  logRotation: token<Part>('log-rotation'),
  processWorker: token<Part>('process-worker'),
  collectors: token<Part>('collectors'),
  /** health, readiness and metrics of a worker that has no other server beside it for them */
  workerServer: token<Part>('worker-server'),
  migrations: token<Part>('migrations'),
  manager: token<Part>('manager'),
  authProjects: token<Part>('auth-projects'),
  storageProjects: token<Part>('storage-projects'),
  /** what sweeps up after files */
  fileTasks: token<Part>('file-tasks'),
  mailSender: token<Part>('mail-sender'),
  auth: token<Part>('auth'),
  storage: token<Part>('storage'),
  /** the first token of an operator's, and what they have asked for */
  operatorApi: token<Part>('operator-api'),
  platformApi: token<Part>('platform-api'),
  /** tells what the gateway of this process has sent */
  requestTally: token<Part>('request-tally'),
  gateway: token<Part>('gateway'),
  /** it starts programs and asks servers, and nobody waits for it */
  installed: token<Part>('installed'),
  /** tells the others what runs again and again here */
  taskBoard: token<Part>('task-board'),
} as const;
