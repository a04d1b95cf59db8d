/** `upgrade`: brings projects that exist to the version of the template that the running platform has. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Refused } from '../../application/errors.ts';
import { handle, readOrEmpty } from '../../application/handle.ts';
import { latestRollout, ROLLOUT } from '../../application/process-managers/upgrade-projects.ts';
import { inWords } from '../../application/project/explain-project.ts';
import { loadProject } from '../../application/project/load-project.ts';
import { planUpgrades } from '../../application/project/plan-upgrades.ts';
import { upgradeProject, type UpgradeVerdict } from '../../application/project/upgrade-project.ts';
import { StreamWatch } from '../../application/stream-watch.ts';
import { rolloutDecider, ROLLOUTS_STREAM, type Rollout } from '../../domain/platform/rollout.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { listBehind } from '../../projections/project-list/queries.ts';
import type { Operator } from '../composition/operator.ts';
import { byOperator, type Command, type Given } from './command.ts';
import { endProgress, showProgress } from './progress-bar.ts';
import { projectIdOf } from './project-commands.ts';

const template = z.object({ latest_version: z.int() });
const LOOK_EVERY_MS = 300;
const USAGE_ERROR = 64;

export const upgradeCommand: Command = {
  name: 'upgrade',
  usage: '--plan | --project <id> | --all [--canary <id>]',
  summary:
    'Bring projects to the new version of the template while they serve: all, a canary first, until one fails. --plan changes nothing.',
  flags: ['plan', 'all'],
  options: ['project', 'canary'],
  arguments: [0, 0],
  async run(operator, given) {
    const { flags, options, say } = given;
    const project = options.get('project');
    const canary = options.get('canary');
    const one = [flags.has('plan'), flags.has('all'), project !== undefined].filter(Boolean).length === 1;
    if (!one || (canary !== undefined && project !== undefined)) {
      say(`Usage: upgrade ${this.usage}`);
      return USAGE_ERROR;
    }
    const { latest_version: version } = await operator.migrations.ask('GET', '/migrations', template);
    const chosen = canary === undefined ? undefined : projectIdOf(canary);
    if (project !== undefined) return upgradeOne(operator, version, projectIdOf(project), given);
    return flags.has('plan')
      ? showPlan(operator, version, chosen, given)
      : upgradeAll(operator, version, chosen, given);
  },
};

async function showPlan(
  { store, pool, progress }: Operator,
  version: number,
  canary: ProjectId | undefined,
  { say }: Given,
): Promise<number> {
  const { lines } = planUpgrades(await listBehind(pool, version), canary);
  if (lines.length === 0) say(`Every project is at version ${version} of the template.`);
  for (const { id, name, status, templateVersion, will } of lines) {
    const failure = (await loadProject(store, id))?.project.upgrade?.failure;
    const failed = failure ? `; the last try failed at ${failure.step}: ${failure.reason}` : '';
    const what = `${templateVersion} -> ${version}`.padEnd(9);
    say(`${id}  ${name.padEnd(20)} ${status.padEnd(12)} ${what} ${will}${failed}`);
  }
  const rollout = (await latestRollout(store))?.rollout;
  if (rollout?.kind === 'running') {
    const told = await progress.of(ROLLOUT, '');
    const far = told ? `: ${told.done} of ${told.total} ${told.unit} are done` : '';
    say(`The upgrade of all to version ${rollout.version} is under way${far}.`);
  }
  if (rollout?.failure) {
    const { projectId, reason } = rollout.failure;
    say(`The last upgrade of all, to version ${rollout.version}, stopped at ${projectId}: ${reason}`);
  }
  return 0;
}

async function upgradeOne(
  { store, ids, secrets }: Operator,
  version: number,
  id: ProjectId,
  { say, signal }: Given,
): Promise<number> {
  const before = await loadProject(store, id);
  if (!before) throw new Refused(`the log knows no project ${id}`);
  const metadata = byOperator({ ids }, `launchdb upgrade --project ${id}`);
  const watch = new StreamWatch(store);
  await watch.start();
  try {
    let seen = before.history.length;
    const look = async () => {
      const verdict = await upgradeProject({ store, ids, secrets }, id, version, metadata);
      const news = await readOrEmpty(store, projectStream(id), { from: seen });
      for (const event of news) say(`${event.recordedAt.toISOString()}  ${inWords(event)}`);
      seen += news.length;
      return verdict;
    };
    const verdict = await watch.until(projectStream(id), look, signal);
    say(verdict ? verdictInWords(id, version, verdict) : GOES_ON);
    return verdict === undefined || verdict.kind === 'done' ? 0 : 1;
  } finally {
    await watch.stop();
  }
}

async function upgradeAll(
  operator: Operator,
  version: number,
  canary: ProjectId | undefined,
  given: Given,
): Promise<number> {
  const { store, ids, pool } = operator;
  const latest = await latestRollout(store);
  if (latest?.rollout.kind === 'running' && latest.rollout.version === version) {
    given.say(`The upgrade of all to version ${version} is under way already.`);
    return follow(operator, latest.rollout, given);
  }
  const plan = planUpgrades(await listBehind(pool, version), canary);
  if (plan.canary === undefined) {
    given.say(`Every project in service is at version ${version} of the template.`);
    return 0;
  }
  const command = { kind: 'StartRollout', version, canary: plan.canary, others: plan.others } as const;
  const metadata = byOperator({ ids }, 'launchdb upgrade --all');
  await handle({ store, ids }, rolloutDecider, ROLLOUTS_STREAM, command, metadata);
  const started = await latestRollout(store);
  if (!started) throw new Error('no rollout, yet it was started');
  const { rollout } = started;
  const [first, count] = [rollout.canary, rollout.others.length];
  given.say(`To version ${rollout.version}: ${first} goes first, on its own, then ${count} others.`);
  return follow(operator, rollout, given);
}

/** Shows how a rollout goes until it has ended; it needs nobody who looks. */
async function follow(
  operator: Operator,
  { number, version, canary, others }: Rollout,
  { say, signal }: Given,
): Promise<number> {
  const { store, progress } = operator;
  const [startedAt, wanted] = [performance.now(), new Set([canary, ...others])];
  for (;;) {
    const latest = await latestRollout(store);
    if (!latest || latest.rollout.number !== number || latest.rollout.kind !== 'running') {
      endProgress();
      const left = await countBehind(operator, wanted, version);
      return tellEnd(latest?.rollout, wanted.size - left, left, say);
    }
    if (signal.aborted) {
      endProgress();
      say(GOES_ON);
      return 0;
    }
    const { done, unit } = (await progress.of(ROLLOUT, '')) ?? { done: 0, unit: 'projects' };
    const ratePerSecond = done / ((performance.now() - startedAt) / 1000);
    const secondsLeft = done === 0 ? null : (wanted.size - done) / ratePerSecond;
    const shown = { done, total: wanted.size, events: done, unit, ratePerSecond, secondsLeft };
    showProgress(`to version ${version}`, shown);
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

/** Of those that were wanted. */
async function countBehind(
  { store, pool }: Operator,
  wanted: ReadonlySet<ProjectId>,
  version: number,
): Promise<number> {
  const behind = (await listBehind(pool, version)).filter(({ id }) => wanted.has(id));
  // the view may be a moment behind
  const projects = await Promise.all(behind.map(({ id }) => loadProject(store, id)));
  return projects.filter((one) => one && one.project.templateVersion < version).length;
}

function tellEnd(rollout: Rollout | undefined, done: number, left: number, say: Given['say']): number {
  if (rollout?.failure) {
    say(`STOPPED at ${rollout.failure.projectId}: ${rollout.failure.reason}`);
    say(`${done} are at version ${rollout.version}, ${left} are as they were; all of them serve on.`);
    say('When it is mended, ask again: those that are left are upgraded then. --plan shows them.');
    return 1;
  }
  say(`Every project in service is at version ${rollout?.version}.`);
  if (left > 0) say(`${left} were taken out of service meanwhile: they follow when they are back.`);
  return 0;
}

const GOES_ON = 'It goes on without you; the same command shows it again.';

function verdictInWords(id: ProjectId, version: number, verdict: UpgradeVerdict): string {
  switch (verdict.kind) {
    case 'done':
      return `${id} is at version ${version}.`;
    case 'failed':
      return `FAILED at ${verdict.step}: ${verdict.reason}\nThe project serves on as it was.`;
    case 'out-of-service':
      return `${id} is ${verdict.status}: it can be upgraded when it is in service again.`;
  }
}
