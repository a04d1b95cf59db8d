import type pg from 'pg';
import { z } from 'zod';
import type { OperatedPlatform } from '../../application/operator/operated-platform.ts';
import { driftNow, failuresNow, viewsNow } from '../../application/operator/platform-state.ts';
import { told } from '../http/internal-endpoints.ts';
import { auditHeaders, auditPage, auditQuery, auditReply, EXPORTS } from './audit-view.ts';
import { operatorEndpoint, operatorTags as tags, type OperatorEndpoint } from './operator-endpoint.ts';
import { waitsForBody, waitsForView } from './why-view.ts';

export interface OperatorPlatformDependencies {
  readonly platform: OperatedPlatform;
  readonly pool: pg.Pool;
  /** waits, bounded, until the trail shows everything up to now */
  readonly waitForTrail: () => Promise<void>;
}

const auth = 'operator';
const time = z.iso.datetime();

/** `/api/operator/...`: how the platform stands. */
export const operatorPlatformEndpoints = (dependencies: OperatorPlatformDependencies): OperatorEndpoint[] => [
  capacity(dependencies),
  pools(dependencies),
  dataApis(dependencies),
  views(dependencies),
  background(dependencies),
  drift(dependencies),
  failures(dependencies),
  audit(dependencies),
];

const capacity = ({ platform }: OperatorPlatformDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/capacity',
    summary: 'How many projects are in service on each server, what there is room for, and how projects are',
    tags,
    auth,
    responses: {
      200: z.object({
        servers: z.array(
          z.object({
            server: z.string(),
            used: z.int(),
            limit: z.int(),
            max_connections: z.int(),
            reserved_connections: z.int(),
            connections_per_project: z.int(),
          }),
        ),
        away: z.array(z.string()).describe('Servers that do not answer.'),
        projects: z.record(z.string(), z.int()).describe('How many have which status.'),
      }),
    },
    handler: async () => {
      const { servers, away } = await told(platform.dataPlane.room());
      const projects: Record<string, number> = {};
      for (const [status, count] of Object.entries(await platform.countByStatus()))
        if (count !== undefined) projects[status] = count;
      const shown = servers.map(({ server, used, limit, max, reserved, perProject }) => ({
        server,
        used,
        limit,
        max_connections: max,
        reserved_connections: reserved,
        connections_per_project: perProject,
      }));
      return { status: 200, body: { servers: shown, away: [...away], projects } };
    },
  });

const pools = ({ platform }: OperatorPlatformDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/pools',
    summary: 'What goes on in the pooler, project by project',
    tags,
    auth,
    responses: {
      200: z.object({
        enabled: z.boolean().describe('false: there is no pooler here.'),
        missing: z.array(z.string()).describe('Projects whose entry shall be served and is not.'),
        pools: z.array(
          z.object({
            project_id: z.string(),
            clients: z.object({ active: z.int(), waiting: z.int() }),
            servers: z.object({ active: z.int(), idle: z.int() }),
            max_wait_ms: z.number().describe('Of the first client in line.'),
            transactions: z.number().describe('Since the pooler has the entry.'),
          }),
        ),
      }),
    },
    handler: async () => {
      const { enabled, missing, usage } = await told(platform.dataPlane.pools());
      const shown = usage.map(({ project, clients, servers, maxWaitMs, transactions }) => ({
        project_id: project,
        clients: { ...clients },
        servers: { ...servers },
        max_wait_ms: maxWaitMs,
        transactions,
      }));
      return { status: 200, body: { enabled, missing: [...missing], pools: shown } };
    },
  });

const dataApis = ({ platform }: OperatorPlatformDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/data-apis',
    summary: 'REST APIs: what shall run and what runs',
    tags,
    auth,
    responses: {
      200: z.object({
        data_apis: z.array(z.object({ project_id: z.string(), wanted: z.boolean(), state: z.string() })),
      }),
    },
    handler: async () => {
      const all = await told(platform.dataPlane.dataApis());
      const shown = all.map(({ projectId, wanted, state }) => ({ project_id: projectId, wanted, state }));
      return { status: 200, body: { data_apis: shown } };
    },
  });

const views = ({ platform }: OperatorPlatformDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/views',
    summary: 'How far each view has come, and how much it could not take in',
    tags,
    auth,
    responses: {
      200: z.object({
        head: z.string().describe('The end of the log.'),
        views: z.array(
          z.object({
            view: z.string(),
            position: z.string(),
            lag: z.number().describe('Places of the log, not all of which need be events of the view.'),
            parked: z.int().describe('1000 at most.'),
          }),
        ),
      }),
    },
    handler: async () => {
      const now = await viewsNow(platform);
      const shown = now.views.map(({ position, ...view }) => ({ ...view, position: position.toString() }));
      return { status: 200, body: { head: now.head.toString(), views: shown } };
    },
  });

const background = ({ platform }: OperatorPlatformDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/background',
    summary: 'What runs again and again: when it ran, for how long, how it ended, when it runs next',
    description: 'Every process of the platform tells it each 5 s.',
    tags,
    auth,
    responses: {
      200: z.object({
        tasks: z.array(
          z.object({
            process: z.string().describe('Its roles.'),
            task: z.string(),
            runs: z.int(),
            failures: z.int(),
            last: z
              .object({
                ended_at: time,
                took_ms: z.number(),
                failure: z.string().nullable(),
                next_at: time,
              })
              .nullable(),
          }),
        ),
      }),
    },
    handler: async () => {
      const tasks = (await platform.tasks.read()).map(({ process, name, runs, failures, last }) => ({
        process,
        task: name,
        runs,
        failures,
        last: last
          ? {
              ended_at: last.endedAt.toISOString(),
              took_ms: last.tookMs,
              failure: last.failure,
              next_at: last.nextAt.toISOString(),
            }
          : null,
      }));
      return { status: 200, body: { tasks } };
    },
  });

const drift = ({ platform }: OperatorPlatformDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/drift',
    summary: 'What was found to differ from the log, and when it was put right; newest first',
    tags,
    auth,
    responses: {
      200: z.object({
        drift: z.array(
          z.object({
            project_id: z.string().nullable().describe('null: of the pooler itself.'),
            what: z.string(),
            expected: z.string(),
            actual: z.string(),
            found_at: time,
            repaired_at: time.nullable(),
          }),
        ),
      }),
    },
    handler: async () => {
      const shown = (await driftNow(platform)).map(({ projectId, foundAt, repairedAt, ...rest }) => ({
        project_id: projectId,
        ...rest,
        found_at: foundAt.toISOString(),
        repaired_at: repairedAt?.toISOString() ?? null,
      }));
      return { status: 200, body: { drift: shown } };
    },
  });

const failures = ({ platform }: OperatorPlatformDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/failures',
    summary: 'Projects that are suspended, or have a step that is tried again, with why',
    tags,
    auth,
    responses: {
      200: z.object({
        projects: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            status: z.string(),
            summary: z.string(),
            waits_for: waitsForView,
            advice: z.string().nullable(),
          }),
        ),
      }),
    },
    handler: async () => {
      const projects = (await failuresNow(platform)).map(({ projectId, waitsFor, ...rest }) => ({
        id: projectId,
        ...rest,
        waits_for: waitsForBody(waitsFor),
      }));
      return { status: 200, body: { projects } };
    },
  });

const audit = ({ pool, waitForTrail }: OperatorPlatformDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/audit',
    summary: 'Who did what on the whole platform; newest first',
    description: `What operators did, with actor=operator. ${EXPORTS}`,
    tags,
    auth,
    query: auditQuery,
    headers: auditHeaders,
    responses: { 200: auditPage },
    handler: async ({ query, headers }) => {
      await waitForTrail();
      return auditReply(pool, { ownerId: null }, query, headers.accept);
    },
  });
