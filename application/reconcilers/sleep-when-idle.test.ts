import { expect, test } from 'vitest';
import { projectStream } from '../../domain/project/project-id.ts';
import { newProject } from '../ports/databases.contract.ts';
import { command, makeHarness, request, runToRest, stateOf } from '../testing/project-harness.ts';
import { IdleWatch, type Use } from './sleep-when-idle.ts';

const MINUTE_MS = 60_000;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

async function awakeProject() {
  const harness = makeHarness();
  const id = newProject();
  await command(harness, id, request(id));
  await runToRest(harness, id);
  let use: Use = { count: 5, busy: false };
  let seen: number | undefined;
  let known = true;
  const watch = new IdleWatch({
    ...harness,
    log: quiet,
    awake: async () => {
      const { status, run, revision } = await stateOf(harness, id);
      return status === 'active' && !run ? [{ projectId: id, revision: seen ?? revision }] : [];
    },
    use: () => Promise.resolve(known ? new Map([[id, use]]) : undefined),
    idleMs: 10 * MINUTE_MS,
  });
  const look = async (afterMinutes: number, used: Partial<Use> = {}, revision?: number) => {
    harness.clock.jumpTo(new Date(harness.clock.now().getTime() + afterMinutes * MINUTE_MS));
    use = { ...use, ...used };
    seen = revision;
    await watch.look();
    return (await stateOf(harness, id)).status;
  };
  const knowNothing = () => (known = false);
  return { harness, id, watch, look, knowNothing };
}

test('idle for its whole time it falls asleep, and the log says since when nobody used it', async () => {
  const { harness, id, look } = await awakeProject();
  expect(await look(0)).toBe('active');
  const since = harness.clock.now().toISOString();
  expect(await look(9)).toBe('active');
  expect(await look(1)).toBe('sleeping');
  const history = await harness.store.readStream(projectStream(id));
  expect(history.at(-1)).toMatchObject({
    type: 'ProjectSleepRequested',
    data: { idleSince: since },
    metadata: { actor: { kind: 'process', id: 'sleep-when-idle' } },
  });
});

test('a clock that is set does not put anybody to sleep, nor keeps them awake', async () => {
  const { harness, look } = await awakeProject();
  await look(0);
  harness.clock.set(60 * MINUTE_MS);
  expect(await look(1)).toBe('active');
  harness.clock.set(-120 * MINUTE_MS);
  expect(await look(9)).toBe('sleeping');
});

test('any use gives it its whole time again, also when the pooler counts from the beginning', async () => {
  const { look } = await awakeProject();
  await look(0);
  expect(await look(11, { count: 6 })).toBe('active');
  expect(await look(11, { count: 0 })).toBe('active');
  expect(await look(9)).toBe('active');
  expect(await look(1)).toBe('sleeping');
});

test('a request that takes longer than that keeps it awake, and so does its end', async () => {
  const { look } = await awakeProject();
  await look(0);
  for (let times = 0; times < 3; times++) expect(await look(11, { busy: true })).toBe('active');
  expect(await look(9, { busy: false })).toBe('active');
  expect(await look(2)).toBe('sleeping');
});

test('what happened to it between the look and the command keeps it awake', async () => {
  const { harness, id, look } = await awakeProject();
  await look(0);
  // a view that does not know it yet
  const { revision } = await stateOf(harness, id);
  await command(harness, id, { kind: 'RenameProject', displayName: 'in use' });
  expect(await look(11, {}, revision)).toBe('active');
  expect(await look(1)).toBe('sleeping');
});

test('woken it has its whole time again', async () => {
  const { harness, id, look } = await awakeProject();
  await look(0);
  await look(11);
  await runToRest(harness, id);
  expect(await look(1)).toBe('sleeping');
  await command(harness, id, { kind: 'WakeProject' });
  await runToRest(harness, id);
  expect(await look(1)).toBe('active');
  expect(await look(9)).toBe('active');
  expect(await look(1)).toBe('sleeping');
});

test('where nobody can know whether it is used, it stays awake', async () => {
  const { look, knowNothing } = await awakeProject();
  await look(0);
  knowNothing();
  expect(await look(11)).toBe('active');
});

test('another worker that takes over has seen nothing yet', async () => {
  const { watch, look } = await awakeProject();
  await look(0);
  watch.forget();
  expect(await look(11)).toBe('active');
  expect(await look(9)).toBe('active');
  expect(await look(1)).toBe('sleeping');
});
