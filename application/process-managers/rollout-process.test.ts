/** The process of a rollout under the properties of every process; its projects' own processes run beside it. */
import { rolloutDecider, ROLLOUTS_STREAM, type RolloutProcess } from '../../domain/platform/rollout.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { handle } from '../handle.ts';
import { newProject } from '../ports/databases.contract.ts';
import {
  everyProcess,
  freshDependencies,
  turnsToRest,
  type Disturbance,
  type Scenario,
} from '../testing/process-properties.ts';
import { ProcessWorker } from '../process-engine/process-worker.ts';
import { StreamWatch } from '../stream-watch.ts';
import {
  command,
  makeHarness,
  METADATA,
  request,
  runToRest,
  secrets,
  stateOf,
} from '../testing/project-harness.ts';
import { projectHost } from './processes.ts';
import { latestRollout, rolloutHost } from './upgrade-projects.ts';

function makeRollouts() {
  const harness = makeHarness();
  const watch = new StreamWatch(harness.store);
  const { clock, log } = freshDependencies(harness);
  const host = rolloutHost({ ...harness, clock, log, secrets, watch, atOnce: 2 });
  return { harness, watch, host };
}

async function play(disturbance: Disturbance) {
  const { harness, watch, host } = makeRollouts();
  const ids = [newProject(), newProject(), newProject()] as const;
  for (const id of ids) {
    await command(harness, id, request(id));
    await runToRest(harness, id);
  }
  const migrated: ProjectId[] = [];
  const migrations = {
    latestVersion: 2,
    migrate: (id: ProjectId) => Promise.resolve(void migrated.push(id)).then(() => []),
  };
  const open = async () => ({ streams: [], position: await harness.store.head() });
  const projects = new ProcessWorker(
    { ...freshDependencies(harness), concurrency: 2, open },
    projectHost({ ...harness.world, migrations }),
  );
  await watch.start();
  await projects.start();
  const [canary, ...others] = ids;
  const start = { kind: 'StartRollout', version: 2, canary, others } as const;
  await handle(harness, rolloutDecider, ROLLOUTS_STREAM, start, METADATA);
  await turnsToRest(harness, host, ROLLOUTS_STREAM, disturbance);
  await projects.stop();
  await watch.stop();
  return { harness, stream: ROLLOUTS_STREAM, ids, migrated };
}

const scenarios: Readonly<Record<RolloutProcess, Scenario<Awaited<ReturnType<typeof play>>>>> = {
  'upgrade-projects': {
    play,
    async look({ harness, ids, migrated }) {
      const versions = await Promise.all(ids.map(async (id) => (await stateOf(harness, id)).templateVersion));
      const latest = await latestRollout(harness.store);
      return { kind: latest?.rollout.kind, versions, migrated: migrated.length };
    },
    ends: { kind: 'completed', versions: [2, 2, 2], migrated: 3 },
    givesUpAs: 'RolloutStopped',
  },
};

everyProcess(makeRollouts().host.processes, scenarios);
