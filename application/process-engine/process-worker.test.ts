/** The worker over the second aggregate: what wakes it, what stops a step under way, and what is left when it stops. */
import { afterEach, expect, test, vi } from 'vitest';
import { SystemClock } from '../../infrastructure/process/system-clock.ts';
import { Unavailable } from '../errors.ts';
import { ask, deliveryHost, deliveryOf, makeYard, type DeliveryHost } from '../testing/engine-harness.ts';
import { freshDependencies } from '../testing/process-properties.ts';
import { ProcessWorker } from './process-worker.ts';

const PATIENCE = { timeout: 10_000, interval: 5 };
const STREAM = 'delivery-1';
const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

function yardWithWorkers(
  bounds: Parameters<typeof deliveryHost>[1] = { timeoutMs: Infinity },
  change: (host: DeliveryHost) => DeliveryHost = (host) => host,
) {
  const harness = makeYard();
  const start = async () => {
    const dependencies = freshDependencies(harness);
    const worker = new ProcessWorker(
      {
        ...dependencies,
        clock: new SystemClock(),
        concurrency: 2,
        open: () => Promise.resolve({ streams: [STREAM], position: 0n }),
      },
      change(deliveryHost(harness.yard, bounds)),
    );
    await worker.start();
    running.push(worker);
    return worker;
  };
  const lastIs = (type: string) =>
    vi.waitFor(async () => expect((await deliveryOf(harness, STREAM)).types.at(-1)).toBe(type), PATIENCE);
  return { harness, start, lastIs };
}

/** A step that goes on until it is stopped. */
const untilStopped = (signal: AbortSignal) =>
  new Promise<void>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Unavailable('carry', signal.reason)));
  });

test('what began before the worker, and what begins afterwards, wakes it', async () => {
  const { harness, start, lastIs } = yardWithWorkers();
  await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
  await start();
  await lastIs('Delivered');
  await ask(harness, STREAM, { kind: 'Announce' });
  await lastIs('Announced');
  expect(harness.yard.announced).toBe(2);
});

test('a wake-up that was lost is made up for by the next look', async () => {
  const { harness, start, lastIs } = yardWithWorkers();
  harness.store.subscribe = () => ({ done: Promise.resolve(), stop: () => Promise.resolve() });
  const worker = await start();
  await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
  await worker.look();
  await lastIs('Delivered');
});

test('a long step that is cancelled stops at once, and what was done is undone', async () => {
  const { harness, start, lastIs } = yardWithWorkers();
  const begun = Promise.withResolvers<void>();
  harness.yard.carry = (signal) => {
    begun.resolve();
    return untilStopped(signal);
  };
  await start();
  await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
  await begun.promise;
  await ask(harness, STREAM, { kind: 'Cancel', by: 'the owner' });
  await lastIs('DeliveryFailed');
  const { types, history } = await deliveryOf(harness, STREAM);
  // nothing failed: it was stopped
  expect(types).not.toContain('StepFailed');
  expect(history.at(-1)?.data).toEqual({ step: 'cancelled', reason: 'by the owner' });
  expect(harness.yard.loaded).toBe(false);
});

test('what goes before a step stops it; what does not concern it does not', async () => {
  const { harness, start, lastIs } = yardWithWorkers();
  const signals: AbortSignal[] = [];
  harness.yard.carry = (signal) => {
    signals.push(signal);
    return untilStopped(signal);
  };
  await start();
  await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
  await vi.waitFor(() => expect(signals).toHaveLength(1), PATIENCE);
  // of another one, and a request that changes nothing
  await ask(harness, 'delivery-2', { kind: 'Deliver', parcels: 2 });
  await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
  await vi.waitFor(() => expect(signals).toHaveLength(2), PATIENCE);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  await ask(harness, STREAM, { kind: 'Announce' });
  await lastIs('Announced');
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
});

test('a worker that stops waits for no long step; whoever takes over does it, and no try has failed', async () => {
  const { harness, start, lastIs } = yardWithWorkers();
  let tries = 0;
  harness.yard.carry = (signal) => (++tries === 1 ? untilStopped(signal) : Promise.resolve());
  const first = await start();
  await ask(harness, STREAM, { kind: 'Deliver', parcels: 2 });
  await vi.waitFor(() => expect(tries).toBe(1), PATIENCE);
  await first.stop();
  expect((await deliveryOf(harness, STREAM)).types).toEqual(['DeliveryRequested', 'VanLoaded']);
  await start();
  await lastIs('Delivered');
  expect((await deliveryOf(harness, STREAM)).types).not.toContain('StepFailed');
});

test('one whose step does not hear that it shall stop keeps no place from the others', async () => {
  const { harness, start, lastIs } = yardWithWorkers({ timeoutMs: 20 });
  const [deaf, others] = [Promise.withResolvers<void>(), ['delivery-2', 'delivery-3', 'delivery-4']];
  let carrying = 0;
  harness.yard.carry = () => (++carrying <= 2 ? deaf.promise : Promise.resolve());
  await start();
  // there are two places
  for (const stream of [STREAM, 'delivery-0']) await ask(harness, stream, { kind: 'Deliver', parcels: 2 });
  await lastIs('StepFailed');
  for (const stream of others) await ask(harness, stream, { kind: 'Deliver', parcels: 2 });
  for (const stream of others)
    await vi.waitFor(
      async () => expect((await deliveryOf(harness, stream)).types.at(-1)).toBe('Delivered'),
      PATIENCE,
    );
  expect((await deliveryOf(harness, STREAM)).types.at(-1)).toBe('StepFailed');
  deaf.resolve();
  await lastIs('Delivered');
});

test('a process that yields goes on when no other one is under way, and two of them do not wait for each other', async () => {
  const { harness, start, lastIs } = yardWithWorkers(undefined, (host) => ({
    ...host,
    processes: { ...host.processes, announce: { ...host.processes.announce, yields: true } },
  }));
  const others = ['delivery-2', 'delivery-3'];
  for (const stream of [STREAM, ...others]) await ask(harness, stream, { kind: 'Deliver', parcels: 2 });
  await start();
  for (const stream of [STREAM, ...others])
    await vi.waitFor(
      async () => expect((await deliveryOf(harness, stream)).types.at(-1)).toBe('Delivered'),
      PATIENCE,
    );
  const [begun, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  harness.yard.carry = () => {
    begun.resolve();
    return done.promise;
  };
  await ask(harness, 'delivery-4', { kind: 'Deliver', parcels: 2 });
  await begun.promise;
  for (const stream of others) await ask(harness, stream, { kind: 'Announce' });
  // long enough for it, if it did not yield
  await new Promise((resolve) => setTimeout(resolve, 400));
  for (const stream of others)
    expect((await deliveryOf(harness, stream)).types.at(-1)).toBe('AnnouncementRequested');
  done.resolve();
  await lastIs('Delivered');
  for (const stream of others)
    await vi.waitFor(
      async () => expect((await deliveryOf(harness, stream)).types.at(-1)).toBe('Announced'),
      PATIENCE,
    );
});
