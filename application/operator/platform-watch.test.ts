import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { projectStream } from '../../domain/project/project-id.ts';
import { newProject } from '../ports/databases.contract.ts';
import { Refused, Unavailable } from '../errors.ts';
import { StreamWatch } from '../stream-watch.ts';
import { command, makeHarness, METADATA, request, runToRest } from '../testing/project-harness.ts';
import { changedBy, OPERATOR_VIEWS, type OperatorView } from './operator-views.ts';
import { PlatformWatch, type PlatformWatchDependencies } from './platform-watch.ts';

const OFTEN = { restMs: 1, lookEveryMs: 1 };
const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

async function platform(given: Partial<PlatformWatchDependencies> = {}) {
  const harness = makeHarness();
  const streams = new StreamWatch(harness.store);
  await streams.start();
  ending.push(() => streams.stop());
  const watch = new PlatformWatch(
    { watch: streams, waitForViews: () => Promise.resolve(), looks: {}, ...given },
    OFTEN,
  );
  return { harness, watch };
}

/** Somebody who reads what they are told. */
function reader(watch: PlatformWatch) {
  const leaving = new AbortController();
  const told: (readonly OperatorView[])[] = [];
  const reading = (async () => {
    for await (const views of watch.follow(leaving.signal)) told.push(views);
  })();
  const leave = async () => {
    leaving.abort();
    await reading;
  };
  ending.push(leave);
  const hears = (view: OperatorView) =>
    vi.waitFor(() => expect(told.slice(1).flat()).toContain(view), { timeout: 30_000, interval: 2 });
  return { told, hears, leave };
}
const comes = async (one: { readonly told: readonly unknown[] }) =>
  vi.waitFor(() => expect(one.told.length).toBeGreaterThan(0));

const turned = <T>() => Promise.withResolvers<T>();

test('whoever comes hears of everything, then of what an event may have changed: a step that fails, and is tried again', async () => {
  const asked: bigint[] = [];
  const waitForViews = (position: bigint) => Promise.resolve(void asked.push(position));
  const { harness, watch } = await platform({ waitForViews });
  const id = newProject();
  await command(harness, id, request(id));
  await runToRest(harness, id);
  const one = reader(watch);
  await comes(one);
  expect(one.told[0]).toEqual(OPERATOR_VIEWS);
  const remove = harness.dataApis.remove.bind(harness.dataApis);
  harness.dataApis.remove = () => Promise.reject(new Refused('somebody holds it'));
  await command(harness, id, { kind: 'PauseProject' });
  await runToRest(harness, id);
  await one.hears('failures');
  harness.dataApis.remove = remove;
  // all of it was told
  const head = await harness.store.head();
  await vi.waitFor(() => expect(asked.at(-1)).toBe(head));
  await setImmediate();
  const later = reader(watch);
  await comes(later);
  await command(harness, id, { kind: 'RetryStep' });
  await later.hears('failures');
  expect(later.told.slice(1).flat()).not.toContain('tokens');
});

test('it is told when the views show it, and also when they do not come so far', async () => {
  const asked: bigint[] = [];
  let there = turned<void>();
  const waitForViews = (position: bigint) => {
    asked.push(position);
    return there.promise;
  };
  const { harness, watch } = await platform({ waitForViews });
  const one = reader(watch);
  await comes(one);
  await command(harness, newProject(), request(newProject()));
  const head = await harness.store.head();
  await vi.waitFor(() => expect(asked.at(-1)).toBe(head));
  expect(one.told).toHaveLength(1);
  there.resolve();
  await one.hears('projects');
  there = turned();
  const heard = one.told.length;
  await command(harness, newProject(), request(newProject()));
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(1));
  expect(one.told).toHaveLength(heard);
  there.reject(new Unavailable('wait for the views'));
  await vi.waitFor(() => expect(one.told.length).toBeGreaterThan(heard));
});

test('what no event tells of is looked at once for all who follow, and while somebody does', async () => {
  let looks = 0;
  let seen: { readonly waiting: bigint } | Error = { waiting: 0n };
  const pools = () => {
    looks++;
    return seen instanceof Error ? Promise.reject(seen) : Promise.resolve(seen);
  };
  const { watch } = await platform({ looks: { pools } });
  expect(looks).toBe(0);
  const [one, other] = [reader(watch), reader(watch)];
  await Promise.all([comes(one), comes(other)]);
  await vi.waitFor(() => expect(looks).toBeGreaterThan(3));
  // nothing has changed, however often it was looked at
  expect([one.told.length, other.told.length]).toEqual([1, 1]);
  for (const next of [{ waiting: 1n }, new Unavailable('ask the manager'), { waiting: 1n }]) {
    const heard = one.told.length;
    seen = next;
    await vi.waitFor(() => expect([one.told.length, other.told.length]).toEqual([heard + 1, heard + 1]));
    expect(one.told.at(-1)).toEqual(['pools']);
  }
  await one.leave();
  await vi.waitFor(() => expect(looks).toBeGreaterThan(10));
  await other.leave();
  // one may be under way
  const [before] = [looks];
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(looks).toBeLessThanOrEqual(before + 1);
});

test('who is slow to read gets everything at once', async () => {
  let seen = 0;
  const { harness, watch } = await platform({ looks: { background: () => Promise.resolve(seen) } });
  const leaving = new AbortController();
  const slow = watch.follow(leaving.signal);
  ending.push(() => leaving.abort());
  expect((await slow.next()).value).toEqual([...OPERATOR_VIEWS]);
  const quick = reader(watch);
  await comes(quick);
  for (let times = 0; times < 3; times++) {
    const id = newProject();
    await command(harness, id, request(id));
    seen++;
    await vi.waitFor(() =>
      expect(quick.told.flat().filter((view) => view === 'background').length).toBe(times + 2),
    );
  }
  await quick.hears('projects');
  const { value } = await slow.next();
  expect(value).toEqual(expect.arrayContaining(['background', 'projects', 'views']));
  expect(value).toEqual(OPERATOR_VIEWS.filter((view) => (value ?? []).includes(view)));
});

test('an event changes what it is about, and nothing else', () => {
  const by = (stream: string, type: string, kind: 'owner' | 'operator' | 'process' = 'process') => [
    ...changedBy({ stream, type, metadata: { ...METADATA, actor: { kind, id: 'x' } } }),
  ];
  const id = newProject();
  expect(by(`projectaccess-${id}`, 'SqlRun', 'owner')).toEqual(['views', 'parked']);
  expect(by(projectStream(id), 'DriftDetected')).toEqual(
    expect.arrayContaining(['drift', 'data-apis', 'pools']),
  );
  expect(by(projectStream(id), 'StepFailed')).not.toContain('drift');
  expect(by('platform-pooler', 'DriftRepaired')).toEqual(expect.arrayContaining(['drift', 'pools']));
  expect(by('platform-operators', 'OperatorTokenIssued', 'operator')).toEqual([
    'views',
    'parked',
    'tokens',
    'audit',
  ]);
  expect(by('platform-upgrades', 'RolloutStarted', 'operator')).toEqual(
    expect.arrayContaining(['rollouts', 'audit']),
  );
  expect(by('invite-abc', 'InviteUsed', 'owner')).toEqual(['views', 'parked', 'invites']);
});
