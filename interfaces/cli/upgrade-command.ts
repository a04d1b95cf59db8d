/** `upgrade`: brings projects that exist to the version of the template that the running platform has. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '../../application/errors.ts';
import { readOrEmpty } from '../../application/handle.ts';
import {
  cancelRollout,
  planRollout,
  rolloutStanding,
  startRollout,
  type RolloutStanding,
} from '../../application/operator/rollouts.ts';
import { inWords } from '../../application/project/explain-project.ts';
import { loadProject } from '../../application/project/load-project.ts';
import { upgradeProject, type UpgradeVerdict } from '../../application/project/upgrade-project.ts';
import { StreamWatch } from '../../application/stream-watch.ts';
import type { Rollout } from '../../domain/platform/rollout.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { Operator } from '../composition/operator.ts';
import { byOperator, type Command, type Given } from './command.ts';
import { endProgress, showProgress } from './progress-bar.ts';
import { projectIdOf } from './project-commands.ts';

const LOOK_EVERY_MS = 300;
const USAGE_ERROR = 64;

export const upgradeCommand: Command = {
  name: 'upgrade',
  usage: '--plan | --project <id> | --all [--canary <id>] | --stop',
  summary:
    'Bring projects to the new version of the template while they serve: all, a canary first, until one fails. --plan changes nothing.',
  flags: ['plan', 'all', 'stop'],
  options: ['project', 'canary'],
  arguments: [0, 0],
  async run(operator, given) {
    const { flags, options, say } = given;
    const project = options.get('project');
    const canary = options.get('canary');
    const ways = [flags.has('plan'), flags.has('all'), flags.has('stop'), project !== undefined];
    const takesCanary = flags.has('plan') || flags.has('all');
    if (ways.filter(Boolean).length !== 1 || (canary !== undefined && !takesCanary)) {
      say(`Usage: upgrade ${this.usage}`);
      return USAGE_ERROR;
    }
    if (flags.has('stop')) return stopAll(operator, given);
    const version = await operator.latestVersion();
    const chosen = canary === undefined ? undefined : projectIdOf(canary);
    if (project !== undefined) return upgradeOne(operator, version, projectIdOf(project), given);
    return flags.has('plan')
      ? showPlan(operator, version, chosen, given)
      : upgradeAll(operator, version, chosen, given);
  },
};

async function showPlan(
  operator: Operator,
  version: number,
  canary: ProjectId | undefined,
  { say }: Given,
): Promise<number> {
  const lines = await planRollout(operator, version, canary);
  if (lines.length === 0) say(`Every project is at version ${version} of the template.`);
  for (const { id, name, status, templateVersion, will, failure } of lines) {
    const failed = failure ? `; the last try failed at ${failure.step}: ${failure.reason}` : '';
    const what = `${templateVersion} -> ${version}`.padEnd(9);
    say(`${id}  ${name.padEnd(20)} ${status.padEnd(12)} ${what} ${will}${failed}`);
  }
  const { rollout, done = 0, total } = (await rolloutStanding(operator)) ?? {};
  if (rollout?.kind === 'running')
    say(
      `The upgrade of all to version ${rollout.version} is under way: ${done} of ${total} projects are done.`,
    );
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
  const metadata = byOperator(operator, 'launchdb upgrade --all');
  const answer = await startRollout(operator, version, canary, metadata);
  if (answer.kind === 'up-to-date') {
    given.say(`Every project in service is at version ${version} of the template.`);
    return 0;
  }
  const { rollout } = answer;
  const [first, count] = [rollout.canary, rollout.others.length];
  given.say(
    answer.kind === 'under-way'
      ? `The upgrade of all to version ${version} is under way already.`
      : `To version ${rollout.version}: ${first} goes first, on its own, then ${count} others.`,
  );
  return follow(operator, rollout, given);
}

/** Shows how a rollout goes until it has ended; it needs nobody who looks. */
async function follow(
  operator: Operator,
  { number, version }: Rollout,
  { say, signal }: Given,
): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const standing = await rolloutStanding(operator);
    if (!standing || standing.rollout.number !== number || standing.rollout.kind !== 'running') {
      endProgress();
      return tellEnd(standing, say);
    }
    if (signal.aborted) {
      endProgress();
      say(GOES_ON);
      return 0;
    }
    const { done, total } = standing;
    const ratePerSecond = done / ((performance.now() - startedAt) / 1000);
    const secondsLeft = done === 0 ? null : (total - done) / ratePerSecond;
    const shown = { done, total, events: done, unit: 'projects', ratePerSecond, secondsLeft };
    showProgress(`to version ${version}`, shown);
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

async function stopAll(operator: Operator, { say }: Given): Promise<number> {
  await cancelRollout(operator, byOperator(operator, 'launchdb upgrade --stop'));
  say('Nobody else is asked. Projects that were under way come to their end; all of them serve on.');
  return 0;
}

function tellEnd(standing: RolloutStanding | undefined, say: Given['say']): number {
  const { rollout, done = 0, left = 0 } = standing ?? {};
  const [version, failure] = [rollout?.version, rollout?.failure];
  if (failure || rollout?.kind === 'cancelled') {
    say(failure ? `STOPPED at ${failure.projectId}: ${failure.reason}` : 'STOPPED by an operator.');
    say(`${done} are at version ${version}, ${left} are as they were; all of them serve on.`);
    say(
      failure
        ? 'When it is mended, ask again: those that are left are upgraded then. --plan shows them.'
        : 'Ask again for those that are left. --plan shows them.',
    );
    return 1;
  }
  say(`Every project in service is at version ${version}.`);
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
