/** A project as it was: everything that is set of it, as of any moment, and which moments there are. */
import type pg from 'pg';
import { z } from 'zod';
import { loadAuthSettings } from '../../application/auth/load-auth-settings.ts';
import { eventInWords } from '../../application/event-in-words.ts';
import type { AuthSecretVault } from '../../application/ports/auth-secret-vault.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import { MOMENTS, ROUTINE_MOMENTS } from '../../application/project/moments.ts';
import { loadStorageSettings } from '../../application/storage/load-storage-settings.ts';
import { NO_AUTH_SECRETS } from '../../domain/auth/auth-settings.ts';
import { momentsOf } from '../../projections/audit-trail/moments.ts';
import { time } from './audit-view.ts';
import { authSettingsBody, authSettingsView } from './auth-settings-body.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { s3KeyBody, s3KeyView, storageSettingsBody, storageSettingsView } from './project-storage.ts';
import { idParam, pastProjectBody, projectView } from './project-view.ts';
import { signingKeysBody, signingKeysView } from './signing-keys.ts';

export interface ProjectPastDependencies {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly vault: AuthSecretVault;
  readonly pool: pg.Pool;
  /** of the database of whoever has no limit of their own */
  readonly platformSizeMb: number;
  /** waits, bounded, until the trail shows everything up to now */
  readonly waitForTrail: () => Promise<void>;
}

const tags = ['history'];

export const projectPastEndpoints = (dependencies: ProjectPastDependencies): Endpoint[] => [
  state(dependencies),
  moments(dependencies),
];

const state = ({ store, clock, vault, platformSizeMb }: ProjectPastDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/state',
    summary: 'A project with all of its settings, as of any moment',
    description:
      'Worked out from the log, now as well: 404 before there was the project. Of a secret only whether it was set is shown.',
    tags,
    auth: 'owner',
    params: idParam,
    query: z.object({ at: time.optional().describe('Default: now.') }),
    responses: {
      200: z.object({
        at: z.iso.datetime(),
        project: projectView,
        auth_settings: authSettingsView,
        storage_settings: storageSettingsView,
        s3_keys: z.array(s3KeyView),
        signing_keys: signingKeysView.shape.signing_keys,
      }),
    },
    handler: async ({ owner, params, query: { at = clock.now() } }) => {
      // who may see a past state is decided by what the project is now
      await loadOwnedProject(store, owner.id, params.id);
      const [{ project }, auth, storage] = await Promise.all([
        loadOwnedProject(store, owner.id, params.id, { at }),
        loadAuthSettings(store, params.id, at),
        loadStorageSettings(store, params.id, at),
      ]);
      const secrets = auth.secrets ? vault.open(params.id, auth.secrets) : NO_AUTH_SECRETS;
      const body = {
        at: at.toISOString(),
        project: pastProjectBody(project, platformSizeMb),
        auth_settings: authSettingsBody(auth.settings, secrets),
        storage_settings: storageSettingsBody(storage.settings),
        s3_keys: storage.s3Keys.map(s3KeyBody),
        ...signingKeysBody(project),
      };
      return { status: 200, body };
    },
  });

const moments = ({ store, pool, waitForTrail }: ProjectPastDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/projects/:id/moments',
    summary: 'When something of a project changed, oldest first',
    description:
      'After each moment its state is not what it was before. Where there are more than `most`, of each stretch of them one is given, rather a change that somebody made than one that comes and goes by itself; ask for a stretch by since and until to see all of it. The newest 20,000 of a stretch are looked at; `earlier` says that there are more before them, to be asked for by until.',
    tags,
    auth: 'owner',
    params: idParam,
    query: z.object({
      since: time.optional(),
      until: time.optional(),
      most: z.coerce.number().int().min(1).max(1000).default(500),
    }),
    responses: {
      200: z.object({
        moments: z.array(
          z.object({
            at: z.iso.datetime(),
            position: z.string(),
            type: z.string(),
            text: z.string(),
            actor: z.object({ kind: z.string(), id: z.string() }),
            stands_for: z.int().describe('How many moments it is given for, itself one of them.'),
            from: z.iso.datetime().describe('When the first of those was.'),
            through: z.iso.datetime().describe('When the last of those was.'),
          }),
        ),
        total: z.int(),
        earlier: z.boolean().describe('There are more before the first.'),
      }),
    },
    handler: async ({ owner, params, query }) => {
      await loadOwnedProject(store, owner.id, params.id);
      await waitForTrail();
      const whose = { ownerId: owner.id, projectId: params.id };
      const found = await momentsOf(pool, {
        ...query,
        ...whose,
        types: MOMENTS,
        routine: ROUTINE_MOMENTS,
      });
      const shown = found.moments.map((entry) => ({
        at: entry.recordedAt.toISOString(),
        position: entry.position.toString(),
        type: entry.type,
        text: eventInWords(entry),
        actor: { ...entry.actor },
        stands_for: entry.standsFor,
        from: entry.from.toISOString(),
        through: entry.through.toISOString(),
      }));
      return { status: 200, body: { moments: shown, total: found.total, earlier: found.isCut } };
    },
  });
