/** `rebuild`: brings back from the log whatever of the platform is lost beside it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectOfStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { ExistingProject, Project } from '../../domain/project/project.ts';
import { recorded } from '../../application/handle.ts';
import { standingOf } from '../../application/desired/desired-project.ts';
import type { ProjectEvent } from '../../domain/project/events.ts';
import type { ViewProgress } from '../../application/background/watched-views.ts';
import { ensureView, missingViews, rebuild } from '../../projections/rebuild.ts';
import { parkedEvents } from '../../projections/unpark.ts';
import type { Operator } from '../composition/operator.ts';
import type { Command } from './command.ts';
import { endProgress, showProgress, walked } from './progress-bar.ts';

interface Plan {
  /** views to build again, by name */
  readonly views: readonly string[];
  /** projects of which something is missing or different, with what */
  readonly repairs: readonly { readonly project: ProjectId; readonly what: readonly string[] }[];
  /** what the log cannot bring back */
  readonly lost: readonly ProjectId[];
}

const poolsAnswer = z.object({ enabled: z.boolean(), served: z.array(z.string()) });
const dataApisAnswer = z.object({
  data_apis: z.array(z.object({ project_id: z.string(), state: z.string() })),
});
const PAGE = 2_000;
const SETTLE_WITHIN_MS = 30_000;

export const rebuildCommand: Command = {
  name: 'rebuild',
  usage: '[--dry-run]',
  summary:
    'Bring back from the log what is lost: views, logins, pool entries, REST APIs. --dry-run only shows the plan.',
  flags: ['dry-run'],
  arguments: [0, 0],
  async run(operator, { flags, say, signal }) {
    const projects = await foldProjects(operator);
    const plan = await makePlan(operator, projects);
    tell(plan, say);
    if (flags.has('dry-run') || isEmpty(plan)) return plan.lost.length === 0 ? 0 : 2;
    await bringBackViews(operator, plan.views, signal);
    const left = await repaired(operator, projects);
    say(
      left.repairs.length === 0 && left.views.length === 0
        ? 'Everything that the log can bring back is back.'
        : 'Not everything came back:',
    );
    if (!isEmpty(left)) tell(left, say);
    return isEmpty(left) ? 0 : 2;
  },
};

/** The running platform builds views that are missing, too: what it has built meanwhile is not built once more. */
async function bringBackViews(
  { store, pool, projections }: Operator,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const view of projections.filter(({ name }) => names.includes(name))) {
    const parked = (await parkedEvents(pool, view)).length > 0;
    const onProgress = (progress: ViewProgress) => showProgress(view.name, progress);
    await (parked ? rebuild : ensureView)(view, store, pool, { onProgress, signal });
  }
  endProgress();
}

/** The running platform repairs; what is repaired is looked at again here, until nothing is left or time is over. */
async function repaired(operator: Operator, projects: readonly ExistingProject[]): Promise<Plan> {
  const deadline = performance.now() + SETTLE_WITHIN_MS;
  for (;;) {
    await operator.manager.ask('POST', '/reconcile', z.unknown());
    const left = await makePlan(operator, projects);
    if ((left.repairs.length === 0 && left.views.length === 0) || performance.now() > deadline) return left;
    await sleep(500);
  }
}

/** Every project of the log as it is now, folded from its events: no view is asked. */
async function foldProjects({ store }: Operator): Promise<readonly ExistingProject[]> {
  const states = new Map<ProjectId, Project>();
  const [startedAt, head] = [performance.now(), await store.head()];
  for (let after = 0n; ;) {
    const batch = await store.readAll({ after, limit: PAGE, filter: { streamPrefix: 'project-' } });
    for (const event of batch.events) {
      const id = projectOfStream(event.stream);
      if (!id) continue;
      const before = states.get(id) ?? projectDecider.initial;
      const [one] = recorded<ProjectEvent>([event]);
      if (one) states.set(id, projectDecider.evolve(before, one));
    }
    if (batch.position === after) break;
    after = batch.position;
    showProgress('read the log', walked(after, head, startedAt));
  }
  endProgress();
  return [...states.values()].filter(
    (state): state is ExistingProject => state.kind === 'project' && state.status !== 'purged',
  );
}

async function makePlan(operator: Operator, projects: readonly ExistingProject[]): Promise<Plan> {
  const { pool, projections } = operator;
  const parked = await Promise.all(
    projections.map(async (view) => ((await parkedEvents(pool, view)).length > 0 ? [view.name] : [])),
  );
  const unbuilt = await missingViews(projections, pool);
  // the manager knows by this view what shall stand; without it all is looked at once it is built
  const known = !unbuilt.includes('desired-projects');
  const pools = known ? await operator.manager.ask('GET', '/pools', poolsAnswer) : null;
  const apis = known ? await operator.manager.ask('GET', '/postgrest', dataApisAnswer) : { data_apis: [] };
  const inPooler = new Set(pools?.served);
  const states = new Map(apis.data_apis.map((api) => [api.project_id, api.state]));
  const repairs: { project: ProjectId; what: string[] }[] = [];
  const lost: ProjectId[] = [];
  // one that a process is at work on is brought to its end by it; one out of service when it comes back
  const settled = projects.filter(({ run, resources }) => !run && resources.database);
  for (const [project, { database, users }] of await standings(operator, settled)) {
    const { pool: pooled, postgrest: served } = project.resources;
    if (database === 'absent' || database === 'foreign') lost.push(project.id);
    else if (pooled) {
      const what = [
        ...(users === 'as-wanted' ? [] : [`logins (${users})`]),
        ...(database === 'open' ? [] : ['database (closed)']),
        ...(pools
          ? !pools.enabled || inPooler.has(project.id)
            ? []
            : ['pool entry']
          : ['pool entry (unknown)']),
        // who sleeps has none
        ...(!served || states.get(project.id) === 'as-wanted'
          ? []
          : [`REST API (${states.get(project.id) ?? 'unknown'})`]),
      ];
      if (what.length > 0) repairs.push({ project: project.id, what });
    }
  }
  return { views: [...new Set([...unbuilt, ...parked.flat()])], repairs, lost };
}

/** @throws {Error} nothing can be told of one */
async function standings(operator: Operator, projects: readonly ExistingProject[]) {
  const told = await operator.databases.states(projects.map((project) => standingOf(operator, project)));
  return projects.map((project) => {
    const standing = told.get(project.id);
    if (!standing) throw new Error(`nothing can be told of the database of ${project.id}`);
    return [project, standing] as const;
  });
}

const isEmpty = ({ views, repairs, lost }: Plan): boolean =>
  views.length + repairs.length + lost.length === 0;

function tell(plan: Plan, say: (line: string) => void): void {
  if (isEmpty(plan)) say('Nothing is missing.');
  for (const name of plan.views) say(`view      ${name}: build again`);
  for (const { project, what } of plan.repairs) say(`project   ${project}: ${what.join(', ')}`);
  for (const project of plan.lost)
    say(`LOST      ${project}: its database is gone; the log cannot bring data back, restore a backup`);
}
