/** What an owner asks of a project: pause, resume, delete, undelete, purge, upgrade, each of which can be planned; retry. */
import { z } from 'zod';
import { changeProject, type ProjectChange } from '../../application/project/change-project.ts';
import type { Who } from '../../application/project/command-project.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import { retryOwnProject } from '../../application/project/retry-own-project.ts';
import type { Trial } from '../../application/project/plan-command.ts';
import type { EventMetadata } from '../../application/ports/event-store.ts';
import { upgradeOwnProject } from '../../application/project/upgrade-own-project.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { revisionWanted } from '../http/etag.ts';
import { parsePrefer } from '../http/prefer.ts';
import { planQuery, planReply, planView } from './command-plan-view.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { headersOf, idParam, projectView, settledProject } from './project-view.ts';
import { CAPACITY, DEFAULT_WAIT_MS, type ProjectDependencies } from './projects.ts';

type Work = Trial & Pick<ProjectDependencies, 'ids' | 'clock' | 'secrets' | 'migrations'>;

interface Command {
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly run: (on: Work, who: Who, context: EventMetadata, ifRevision?: number) => Promise<unknown>;
}

const change = (kind: 'pause' | 'resume' | 'undelete'): Pick<Command, 'path' | 'run'> => ({
  path: kind,
  run: (on, who, context, ifRevision) => changeProject(on, who, { kind }, context, ifRevision),
});

const COMMANDS: readonly Command[] = [
  { ...change('pause'), summary: 'Stop serving a project; its data stays', description: '' },
  { ...change('resume'), summary: 'Serve a paused project again', description: CAPACITY },
  {
    ...change('undelete'),
    summary: 'Take a deletion back, within the retention',
    description: CAPACITY,
  },
  {
    path: 'upgrade',
    run: upgradeOwnProject,
    summary: "Bring the platform's part of the database to the newest version",
    description:
      'It serves all the while. A failure leaves it at its version, and GET .../why says what failed.',
  },
];

export function projectCommandEndpoints(dependencies: ProjectDependencies): Endpoint[] {
  return [
    ...COMMANDS.map((command) => commandEndpoint(dependencies, command)),
    retry(dependencies),
    remove(dependencies),
  ];
}

const tags = ['projects'];
const ifMatch = z.object({ 'if-match': z.string().max(200).optional() });
const prefer = z.object({ prefer: z.string().max(200).optional() });

const commandEndpoint = (
  dependencies: ProjectDependencies,
  { path, summary, description, run }: Command,
): Endpoint =>
  endpoint({
    method: 'post',
    path: `/api/projects/:id/${path}`,
    summary,
    description: `Repeatable. 202 when it takes longer than you want to wait (Prefer). ${description}`.trim(),
    tags,
    auth: 'owner',
    params: idParam,
    query: planQuery,
    headers: prefer.extend(ifMatch.shape),
    responses: { 200: z.union([projectView, planView]), 202: projectView },
    handler: async ({ owner, params, query, headers, context, signal }) => {
      const who = { ownerId: owner.id, projectId: params.id };
      const wanted = revisionWanted(headers['if-match']);
      if (query.plan === 'true')
        return planReply(dependencies.plans, (on) => run({ ...dependencies, ...on }, who, context, wanted));
      await run(dependencies, who, context, wanted);
      const { waitMs } = parsePrefer(headers.prefer, DEFAULT_WAIT_MS);
      const { project, settled } = await settledProject(dependencies, owner.id, params.id, waitMs, signal);
      const reply = { headers: headersOf(project), body: await dependencies.bodies.of(project) };
      return settled ? { status: 200, ...reply } : { status: 202, ...reply };
    },
  });

const retry = (dependencies: ProjectDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path: '/api/projects/:id/retry',
    summary: 'Try the step now that waits for its next try',
    description:
      'It counts as that try. A suspended project gets one more, and an operator has to look when that fails, too. At most 4 times in two minutes by one owner. GET .../why says whether it helps.',
    tags,
    auth: 'owner',
    rate: 'retry',
    params: idParam,
    responses: { 202: projectView },
    handler: async ({ owner, params, context }) => {
      await retryOwnProject(dependencies, { ownerId: owner.id, projectId: params.id }, context);
      const { project } = await loadOwnedProject(dependencies.store, owner.id, params.id);
      return { status: 202, headers: headersOf(project), body: await dependencies.bodies.of(project) };
    },
  });

const remove = (dependencies: ProjectDependencies): Endpoint =>
  endpoint({
    method: 'delete',
    path: '/api/projects/:id',
    summary: 'Delete a project; with purge=true remove everything of it now',
    description:
      'Keeps the data for 7 days. A purge cannot be taken back: repeat the name in the body; its plan may be asked for without. Repeatable.',
    tags,
    auth: 'owner',
    params: idParam,
    query: planQuery.extend({ purge: z.enum(['true', 'false']).default('false') }),
    headers: ifMatch,
    body: z.strictObject({ name: z.string().max(100) }).optional(),
    responses: { 200: planView, 202: projectView },
    handler: async ({ owner, params, query, headers, body, context }) => {
      const who = { ownerId: owner.id, projectId: params.id };
      const ask = (on: Work, name: string) => {
        const asked: ProjectChange = query.purge === 'true' ? { kind: 'purge', name } : { kind: 'delete' };
        return changeProject(on, who, asked, context, revisionWanted(headers['if-match']));
      };
      if (query.plan === 'true') {
        const { project } = await loadOwnedProject(dependencies.store, owner.id, params.id);
        const name = body?.name ?? project.name;
        return planReply(dependencies.plans, (on) => ask({ ...dependencies, ...on }, name));
      }
      const { state } = await ask(dependencies, body?.name ?? '');
      // the state before, when a quick worker has purged it meanwhile
      const project = await loadOwnedProject(dependencies.store, owner.id, params.id).then(
        (loaded) => loaded.project,
        () => state as ExistingProject,
      );
      const location = { location: `/api/projects/${params.id}/progress` };
      return {
        status: 202,
        headers: { ...headersOf(project), ...location },
        body: await dependencies.bodies.of(project),
      };
    },
  });
