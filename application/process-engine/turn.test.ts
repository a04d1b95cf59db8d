/** The engine over an aggregate of another kind than the product has: crash, retry, giving up, progress, time-outs. */
import { describe, expect, test, vi } from 'vitest';
import { Refused, Unavailable } from '../errors.ts';
import type { Progress } from '../ports/step-progress.ts';
import {
  ask,
  deliveryHost,
  deliveryOf,
  makeYard,
  type DeliveryHost,
  type DeliveryProcess,
  type Yard,
} from '../testing/engine-harness.ts';
import {
  disturbed,
  everyProcess,
  failStep,
  freshDependencies,
  turnsToRest,
  type Disturbance,
  type Scenario,
} from '../testing/process-properties.ts';
import { stopUnwanted, turn } from './turn.ts';

const STREAM = 'delivery-1';

async function run(asked: readonly ('Deliver' | 'Announce')[], disturbance: Disturbance) {
  const harness = makeYard();
  for (const [nth, kind] of asked.entries()) {
    await ask(harness, STREAM, kind === 'Deliver' ? { kind, parcels: 2 } : { kind });
    const last = nth === asked.length - 1;
    await turnsToRest(harness, deliveryHost(harness.yard), STREAM, last ? disturbance : {});
  }
  return { harness, stream: STREAM };
}

const lookAt = ({ harness: { yard } }: Awaited<ReturnType<typeof run>>) =>
  Promise.resolve([yard.loaded, yard.carried, yard.announced]);

const scenarios: Readonly<Record<DeliveryProcess, Scenario<Awaited<ReturnType<typeof run>>>>> = {
  deliver: {
    play: (disturbance) => run(['Deliver'], disturbance),
    look: lookAt,
    ends: [true, 2, 0],
    givesUpAs: 'DeliveryFailed',
  },
  announce: {
    play: (disturbance) => run(['Deliver', 'Announce'], disturbance),
    look: lookAt,
    ends: [true, 2, 2],
    givesUpAs: 'AnnouncementFailed',
  },
};

everyProcess(deliveryHost(makeYard().yard).processes, scenarios);

test('one that undoes leaves nothing and says why; one that ends leaves what was done', async () => {
  const undone = await run(['Deliver'], failStep('conclude-delivery', 99));
  expect(await lookAt(undone)).toEqual([false, 0, 0]);
  const { types, history } = await deliveryOf(undone.harness, STREAM);
  expect(types.slice(-3)).toEqual(['ParcelsFetchedBack', 'VanUnloaded', 'DeliveryFailed']);
  expect(history.at(-1)?.data).toEqual({ step: 'conclude-delivery', reason: 'could not do it' });

  const ended = await run(
    ['Deliver', 'Announce'],
    failStep('ring-the-bell', 99, () => new Refused('no bell')),
  );
  expect(await lookAt(ended)).toEqual([true, 2, 2]);
  const last = (await deliveryOf(ended.harness, STREAM)).history.slice(-2);
  expect(last.map(({ type }) => type)).toEqual(['StepFailed', 'AnnouncementFailed']);
});

test('an undo that fails is held in the words of its aggregate, until somebody wants another try', async () => {
  let broken = true;
  const { harness } = await run(['Deliver'], {
    around(step, direction, effect) {
      const fails = direction === 'do' ? step === 'conclude-delivery' : broken && step === 'carry-parcels';
      return fails ? Promise.reject(new Refused('no')) : effect();
    },
  });
  expect((await deliveryOf(harness, STREAM)).types.at(-1)).toBe('DeliveryHeld');
  broken = false;
  await ask(harness, STREAM, { kind: 'Retry' });
  await turnsToRest(harness, deliveryHost(harness.yard), STREAM);
  expect((await deliveryOf(harness, STREAM)).types.at(-1)).toBe('DeliveryFailed');
});

test('what was cancelled between two steps is undone from where it was', async () => {
  const harness = makeYard();
  const host = deliveryHost(harness.yard);
  await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
  await turn(freshDependencies(harness), host, STREAM);
  expect(harness.yard.loaded).toBe(true);
  await ask(harness, STREAM, { kind: 'Cancel', by: 'the owner' });
  await turnsToRest(harness, host, STREAM);
  const { types, history } = await deliveryOf(harness, STREAM);
  expect(types.slice(1)).toEqual([
    'VanLoaded',
    'DeliveryCancelled',
    'ParcelsFetchedBack',
    'VanUnloaded',
    'DeliveryFailed',
  ]);
  expect(history.at(-1)?.data).toEqual({ step: 'cancelled', reason: 'by the owner' });
  expect(harness.yard.loaded).toBe(false);
});

test('a long step tells how far it is, and nothing more when it has ended', async () => {
  const harness = makeYard();
  const { yard } = harness;
  const told: (readonly [string, number, Progress | undefined])[] = [];
  let late: (progress: Progress) => void = () => {};
  const carry = yard.carry;
  yard.carry = (signal, report) => {
    late = report;
    return carry(signal, report);
  };
  const dependencies = {
    ...freshDependencies(harness),
    progress: (
      { id, step, attempt }: { id: string; step: string; attempt: number },
      how: Progress | undefined,
    ) => void told.push([`${id}/${step}`, attempt, how]),
  };
  await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
  for (let turns = 0; turns < 3; turns++) await turn(dependencies, deliveryHost(yard), STREAM);
  late({ done: 4, total: 3, unit: 'parcels' });
  expect(told).toEqual([
    ['1/carry-parcels', 1, { done: 1, total: 3, unit: 'parcels' }],
    ['1/carry-parcels', 1, { done: 2, total: 3, unit: 'parcels' }],
    ['1/carry-parcels', 1, { done: 3, total: 3, unit: 'parcels' }],
    ['1/carry-parcels', 1, undefined],
  ]);
});

test('a step has the tries, the pauses and the deadline that it says', async () => {
  const failing = async (bounds: Parameters<typeof deliveryHost>[1]) => {
    const harness = makeYard();
    await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
    const { around } = failStep('carry-parcels', 99);
    const slow: Disturbance['around'] = (step, direction, effect) => {
      if (step === 'carry-parcels') harness.clock.jumpTo(new Date(harness.clock.now().getTime() + 60_000));
      return around?.(step, direction, effect) ?? effect();
    };
    await turnsToRest(harness, deliveryHost(harness.yard, bounds), STREAM, { around: slow });
    const { history } = await deliveryOf(harness, STREAM);
    return history.flatMap(({ type, data, recordedAt }) => {
      if (type !== 'StepFailed') return [];
      const { retryAt } = data as { retryAt: string | null };
      return [retryAt === null ? null : new Date(retryAt).getTime() - recordedAt.getTime()];
    });
  };
  const retry = { tries: 5, firstPauseMs: 1_000, longestPauseMs: 2_000 };
  const pauses = await failing({ retry });
  expect(pauses).toHaveLength(5);
  expect(pauses.at(-1)).toBeNull();
  for (const pause of pauses.slice(0, -1)) {
    expect(pause).toBeGreaterThanOrEqual(500);
    expect(pause).toBeLessThanOrEqual(3_000);
  }
  expect(await failing({ retry, deadlineMs: 100_000 })).toHaveLength(2);
  // those that say nothing have the engine's
  expect(await failing({})).toHaveLength(3);
});

test('what took too long is stopped, that is on record at once, and no other try begins before it has ended', async () => {
  const harness = makeYard();
  const { yard, clock } = harness;
  let [atWork, most, begun] = [0, 0, 0];
  const ended = Promise.withResolvers<void>();
  yard.carry = async (signal) => {
    most = Math.max(most, ++atWork);
    begun++;
    // it hears that it shall stop, and needs a while
    if (begun === 1)
      await new Promise((resolve) => signal.addEventListener('abort', resolve)).then(() => ended.promise);
    atWork--;
  };
  const overdue = Promise.withResolvers<void>();
  const sleeps: number[] = [];
  clock.sleep = (ms, signal) => {
    sleeps.push(ms);
    const other = new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
    return Promise.race([ms === 1_234 ? overdue.promise : other, other]);
  };
  const host = deliveryHost(yard, { timeoutMs: 1_234 });
  const dependencies = freshDependencies(harness);
  await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
  await turn(dependencies, host, STREAM);
  const first = turn(dependencies, host, STREAM);
  overdue.resolve();
  expect(await first).toEqual({ kind: 'progressed' });
  expect(sleeps).toContain(1_234);
  const { history } = await deliveryOf(harness, STREAM);
  expect(history.at(-1)).toMatchObject({
    type: 'StepFailed',
    data: { attempt: 1, reason: 'could not finish carry-parcels within 1.234 s' },
  });

  clock.jumpTo(new Date(clock.now().getTime() + 60_000));
  const blocked = await turn(dependencies, host, STREAM);
  expect(blocked.kind).toBe('unsettled');
  expect(begun).toBe(1);
  ended.resolve();
  if (blocked.kind === 'unsettled') await blocked.settled;
  await turnsToRest(harness, host, STREAM);
  expect([begun, most, yard.carried]).toEqual([2, 1, 2]);
});

test('whoever has read the log before a step began stops nothing; whoever reads of what goes before it does', async () => {
  const harness = makeYard();
  const { yard, store } = harness;
  const ended = Promise.withResolvers<void>();
  let heard: AbortSignal | undefined;
  yard.carry = (signal) => {
    heard = signal;
    return ended.promise;
  };
  const host = deliveryHost(yard);
  const dependencies = freshDependencies(harness);
  await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
  await turn(dependencies, host, STREAM);
  const carrying = turn(dependencies, host, STREAM);
  await vi.waitFor(() => expect(heard).toBeDefined());
  const early = await store.readStream(STREAM, { to: 0 });
  const stale = Object.assign(Object.create(store) as typeof store, {
    readStream: () => Promise.resolve(early),
  });
  await stopUnwanted({ ...dependencies, store: stale }, host, STREAM);
  expect(heard?.aborted).toBe(false);
  await ask(harness, STREAM, { kind: 'Announce' });
  await stopUnwanted(dependencies, host, STREAM);
  expect(heard?.aborted).toBe(true);
  ended.resolve();
  expect(await carrying).toEqual({ kind: 'progressed' });
  expect((await deliveryOf(harness, STREAM)).types.at(-1)).toBe('AnnouncementRequested');
});

test('an error that is no outage is not tried again, whatever its step says', async () => {
  const harness = makeYard();
  await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
  const retry = { tries: 50, firstPauseMs: 1, longestPauseMs: 1 };
  const host = disturbed(
    deliveryHost(harness.yard, { retry }),
    failStep('carry-parcels', 99, () => new Error('a bug')).around,
  );
  await turnsToRest(harness, host, STREAM);
  const { types } = await deliveryOf(harness, STREAM);
  expect(types.filter((type) => type === 'StepFailed')).toHaveLength(1);
});

describe('steps beside one another', () => {
  /** The van is loaded while the parcels are carried. */
  const besideHost = (yard: Yard, load: () => Promise<void> = () => Promise.resolve()): DeliveryHost => {
    const host = deliveryHost(yard);
    const [loadVan, carry, conclude] = host.processes.deliver.steps as readonly [Row, Row, Row];
    const loading: Row = { ...loadVan, do: (...given) => load().then(() => loadVan.do(...given)) };
    const steps = [loading, { ...carry, beside: true }, { ...conclude, quick: true }];
    return { ...host, processes: { ...host.processes, deliver: { ...host.processes.deliver, steps } } };
  };
  type Row = DeliveryHost['processes']['deliver']['steps'][number];

  async function deliver(disturbance: Disturbance = {}, load?: () => Promise<void>, yard?: Partial<Yard>) {
    const harness = makeYard();
    Object.assign(harness.yard, yard);
    await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
    await turnsToRest(harness, besideHost(harness.yard, load), STREAM, disturbance);
    return { harness, stream: STREAM, ...(await deliveryOf(harness, STREAM)) };
  }

  everyProcess(
    { deliver: besideHost(makeYard().yard).processes.deliver },
    { deliver: { ...scenarios.deliver, play: (disturbance) => deliver(disturbance) } },
  );

  test('run at the same time, and are recorded together in their order, with what is quick', async () => {
    const [carrying, loaded] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const harness = makeYard();
    const append = vi.spyOn(harness.store, 'append');
    harness.yard.carry = () => {
      carrying.resolve();
      return loaded.promise;
    };
    // each waits for the other
    const load = () => carrying.promise.then(() => loaded.resolve());
    await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
    await turnsToRest(harness, besideHost(harness.yard, load), STREAM);
    const { types, history } = await deliveryOf(harness, STREAM);
    expect(types).toEqual(['DeliveryRequested', 'VanLoaded', 'ParcelsCarried', 'Delivered']);
    expect(append).toHaveBeenCalledTimes(2);
    expect(history.map(({ metadata }) => metadata.reason).slice(1)).toEqual([
      'deliver: load-van',
      'deliver: carry-parcels',
      'deliver: conclude-delivery',
    ]);
  });

  test('what was done is not done again because of its neighbour, which alone is tried again', async () => {
    let loads = 0;
    const load = () => Promise.resolve(void loads++);
    const { types, history } = await deliver(failStep('carry-parcels', 2), load);
    expect(types).toEqual([
      'DeliveryRequested',
      'VanLoaded',
      'StepFailed',
      'StepFailed',
      'ParcelsCarried',
      'Delivered',
    ]);
    expect(loads).toBe(1);
    expect(history.slice(2, 4).map(({ data }) => (data as { attempt: number }).attempt)).toEqual([1, 2]);
  });

  test('of two that fail the one that cannot succeed decides, and both are undone', async () => {
    const around: Disturbance['around'] = (step, direction, effect) =>
      direction === 'undo'
        ? effect()
        : Promise.reject(step === 'carry-parcels' ? new Refused('no road') : new Unavailable('load it'));
    const { types, history } = await deliver({ around });
    expect(types).toEqual([
      'DeliveryRequested',
      'StepFailed',
      'ParcelsFetchedBack',
      'VanUnloaded',
      'DeliveryFailed',
    ]);
    expect(history.at(-1)?.data).toEqual({ step: 'carry-parcels', reason: 'no road' });
  });

  test('a cancellation stops each of them', async () => {
    const harness = makeYard();
    const signals: AbortSignal[] = [];
    harness.yard.carry = (signal) => {
      signals.push(signal);
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new Error('stopped'))),
      );
    };
    const dependencies = freshDependencies(harness);
    const loading = Promise.withResolvers<void>();
    const host = besideHost(harness.yard, () => loading.promise);
    await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
    const taken = turn(dependencies, host, STREAM);
    await vi.waitFor(() => expect(signals).toHaveLength(1));
    expect(dependencies.effects.of(STREAM)).toHaveLength(2);
    await ask(harness, STREAM, { kind: 'Cancel', by: 'the owner' });
    await stopUnwanted(dependencies, host, STREAM);
    expect(await taken).toEqual({ kind: 'progressed' });
    expect(signals[0]?.aborted).toBe(true);
    // the van does not hear that it shall stop: nothing is begun before it has
    expect(await turn(dependencies, host, STREAM)).toMatchObject({ kind: 'unsettled' });
    loading.resolve();
    await turnsToRest(harness, host, STREAM);
    const { types } = await deliveryOf(harness, STREAM);
    expect(types).not.toContain('StepFailed');
    expect(types.at(-1)).toBe('DeliveryFailed');
    expect(harness.yard.loaded).toBe(false);
  });
});
