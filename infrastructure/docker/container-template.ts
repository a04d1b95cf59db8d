/**
 * What a project's container is made of. A proxy in front of the engine sees no bodies, so this is where it is decided
 * what a container may do: everything is fixed here, and nothing of a request reaches any field but the labels.
 */
import { createHash } from 'node:crypto';
import type { ContainerCreateOptions, ContainerInspectInfo } from 'dockerode';
import { projectId, type ProjectId } from '../../domain/project/project-id.ts';

export const LABELS = {
  /** of the platform that the container belongs to: several may share an engine */
  platform: 'launchdb.platform',
  project: 'launchdb.project',
  /** of this template, as filled in */
  template: 'launchdb.template',
  /** of the configuration that a running PostgREST cannot take up */
  config: 'launchdb.config',
  release: 'launchdb.release',
} as const;

/** Of the container's own user; nobody else has it. */
export const USER_ID = 65_532;
export const CONFIG_FOLDER = '/config';
export const CONFIG_FILE = 'postgrest.conf';
export const LISTENING = { host: '*4', port: 3000, adminPort: 3001 } as const;

const MIB = 1024 * 1024;
const MEMORY_BYTES = 256 * MIB;
const NANO_CPUS = 1_000_000_000;
const PIDS = 128;

export interface TemplateValues {
  readonly platform: string;
  readonly project: ProjectId;
  /** the content's id, never a name that somebody may give to other content */
  readonly imageId: string;
  readonly network: string;
  /** the digest of what cannot be reloaded */
  readonly config: string;
  readonly release: string;
}

export const containerName = (project: ProjectId): string => `postgrest-${projectId(project)}`;
/** Of one that is to take the place of a running one. */
export const nextContainerName = (project: ProjectId): string => `${containerName(project)}--next`;

/**
 * The restart policy is `always`, not `unless-stopped`: to the engine every signal that it delivers, a reload's too, is
 * a stop by hand, after which `unless-stopped` never starts the container again. What shall not run we remove. With a
 * stop signal of its own the other signals do not keep it from being restarted.
 */
export function createBody(values: TemplateValues): ContainerCreateOptions {
  const body = {
    Image: values.imageId,
    User: `${USER_ID}:${USER_ID}`,
    // whoever listens where the pooler should: a password is proved, never told (libpq 16 and later)
    Env: ['PGREQUIREAUTH=scram-sha-256'],
    // found by PATH: its folder is another one on each architecture of the published image
    Entrypoint: ['postgrest'],
    Cmd: [`${CONFIG_FOLDER}/${CONFIG_FILE}`],
    StopSignal: 'SIGTERM',
    HostConfig: {
      NetworkMode: values.network,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      Memory: MEMORY_BYTES,
      MemorySwap: MEMORY_BYTES,
      NanoCpus: NANO_CPUS,
      PidsLimit: PIDS,
      Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
      RestartPolicy: { Name: 'always', MaximumRetryCount: 0 },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
      // the container's alone, and the one place that a file can be put into while its root is read-only
      Mounts: [{ Type: 'volume' as const, Target: CONFIG_FOLDER, Source: '' }],
    },
  } satisfies ContainerCreateOptions;
  return { ...body, Labels: labelsOf(values, digestOf(body)) };
}

const labelsOf = (values: TemplateValues, template: string): Record<string, string> => ({
  [LABELS.platform]: values.platform,
  [LABELS.project]: values.project,
  [LABELS.template]: template,
  [LABELS.config]: values.config,
  [LABELS.release]: values.release,
});

const digestOf = (body: object): string =>
  createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 32);

/**
 * Whether a container is as this template makes it, and nobody changed since what the engine lets one change. Engines
 * write some fields in words of their own, so of the others the label vouches.
 */
export function isAsMade(seen: ContainerInspectInfo, wanted: ContainerCreateOptions): boolean {
  const { HostConfig: has, Config: config, NetworkSettings: network } = seen;
  const shall = wanted.HostConfig ?? {};
  return (
    config.Labels[LABELS.template] === wanted.Labels?.[LABELS.template] &&
    seen.Image === wanted.Image &&
    config.User === wanted.User &&
    has.Memory === shall.Memory &&
    has.NanoCpus === shall.NanoCpus &&
    has.PidsLimit === shall.PidsLimit &&
    has.RestartPolicy?.Name === shall.RestartPolicy?.Name &&
    has.ReadonlyRootfs === true &&
    has.Privileged !== true &&
    (has.Binds ?? []).length === 0 &&
    Object.keys(network.Networks).join() === shall.NetworkMode
  );
}
