/** For tests: a second, small aggregate that has nothing to do with projects, to show that the engine knows none. */
import { randomBytes } from 'node:crypto';
import type { Decider, Recorded } from '../../domain/decider.ts';
import type { StepTroubleEvent } from '../../domain/process/process-events.ts';
import type { Failure } from '../../domain/process/process-rules.ts';
import {
  begin,
  failed,
  proceeded,
  retried,
  turnedAround,
  type ProcessRun,
} from '../../domain/process/process-run.ts';
import { RandomIds } from '../../infrastructure/crypto/random-ids.ts';
import { InMemoryEventStore } from '../../infrastructure/event-store/memory/in-memory-event-store.ts';
import { handle } from '../handle.ts';
import type { Progress } from '../ports/step-progress.ts';
import type { Host, Step } from '../process-engine/process.ts';
import { JumpingClock, type EngineHarness } from './process-properties.ts';

export type DeliveryProcess = 'deliver' | 'announce';

type Fact<Type extends string, Data = Record<never, never>> = { readonly type: Type; readonly data: Data };

type DeliveryEvent =
  | Fact<'DeliveryRequested', { parcels: number }>
  | Fact<'AnnouncementRequested'>
  | Fact<'DeliveryCancelled', { by: string }>
  | Fact<'VanLoaded'>
  | Fact<'VanUnloaded'>
  | Fact<'ParcelsCarried'>
  | Fact<'ParcelsFetchedBack'>
  | Fact<'Delivered'>
  | Fact<'DeliveryFailed', Failure>
  | Fact<'Announced'>
  | Fact<'AnnouncementFailed', Failure>
  | Fact<'DeliveryHeld', Failure>
  | StepTroubleEvent;

export interface Delivery {
  readonly parcels: number;
  readonly status: 'asked' | 'delivered' | 'failed' | 'held';
  readonly run: ProcessRun<DeliveryProcess> | null;
}

type State = Delivery | null;

type DeliveryCommand =
  | { readonly kind: 'Deliver'; readonly parcels: number }
  | { readonly kind: 'Announce' }
  | { readonly kind: 'Cancel'; readonly by: string }
  | { readonly kind: 'Retry' };

const deliveryDecider: Decider<State, DeliveryCommand, DeliveryEvent> = {
  initial: null,
  decide(command, state) {
    switch (command.kind) {
      case 'Deliver':
        return state ? [] : [{ type: 'DeliveryRequested', data: { parcels: command.parcels } }];
      case 'Announce':
        return [{ type: 'AnnouncementRequested', data: {} }];
      case 'Cancel':
        return state?.run ? [{ type: 'DeliveryCancelled', data: { by: command.by } }] : [];
      case 'Retry':
        return state?.status === 'held' ? [{ type: 'StepRetryRequested', data: {} }] : [];
    }
  },
  evolve(state, event) {
    if (event.type === 'DeliveryRequested')
      return { parcels: event.data.parcels, status: 'asked', run: begin('deliver', event) };
    return state && evolveDelivery(state, event);
  },
};

function evolveDelivery(state: Delivery, event: Recorded<DeliveryEvent>): Delivery {
  const { run } = state;
  switch (event.type) {
    case 'DeliveryRequested':
      return state;
    case 'AnnouncementRequested':
      return { ...state, run: begin('announce', event) };
    case 'DeliveryCancelled':
      return {
        ...state,
        run: run && turnedAround(run, event, { step: 'cancelled', reason: `by ${event.data.by}` }),
      };
    case 'VanLoaded':
    case 'VanUnloaded':
    case 'ParcelsCarried':
    case 'ParcelsFetchedBack':
      return { ...state, run: run && proceeded(run, event) };
    case 'Delivered':
      return { ...state, status: 'delivered', run: null };
    case 'DeliveryFailed':
      return { ...state, status: 'failed', run: null };
    case 'Announced':
    case 'AnnouncementFailed':
      return { ...state, run: null };
    case 'DeliveryHeld':
      return { ...state, status: 'held' };
    case 'StepFailed':
      return { ...state, run: run && failed(run, event, run.process === 'deliver') };
    case 'StepRetryRequested':
      return { ...state, status: 'asked', run: run && retried(run, event) };
  }
}

type DeliveryStep = Step<Delivery, DeliveryEvent>;
export type DeliveryHost = Host<State, Delivery, DeliveryEvent, DeliveryProcess>;
type Carry = (signal: AbortSignal, report: (progress: Progress) => void) => Promise<void>;

/** What stands outside, and what carrying does. */
export class Yard {
  loaded = false;
  carried = 0;
  announced = 0;
  carry: Carry = (_signal, report) => {
    for (let done = 1; done <= 3; done++) report({ done, total: 3, unit: 'parcels' });
    return Promise.resolve();
  };
}

/** @param bounds of the long step */
export const deliveryHost = (yard: Yard, bounds: Partial<DeliveryStep> = {}): DeliveryHost => ({
  aggregate: {
    name: 'delivery',
    streamPrefix: 'delivery-',
    decider: deliveryDecider,
    underWay: (state) =>
      state?.run && state.status !== 'held' ? { subject: state, run: state.run } : undefined,
    suspended: (_delivery, data) => ({ type: 'DeliveryHeld', data }),
  },
  processes: {
    deliver: {
      name: 'deliver',
      startedBy: ['DeliveryRequested'],
      cancelledBy: ['DeliveryCancelled'],
      givesUp: { kind: 'undo', outcome: (_delivery, data) => ({ type: 'DeliveryFailed', data }) },
      steps: [
        {
          name: 'load-van',
          records: 'VanLoaded',
          do: () => Promise.resolve(void (yard.loaded = true)).then(() => ({ type: 'VanLoaded', data: {} })),
          undo: { records: 'VanUnloaded', run: () => Promise.resolve(void (yard.loaded = false)) },
        },
        {
          name: 'carry-parcels',
          records: 'ParcelsCarried',
          ...bounds,
          async do({ parcels }, signal, report) {
            await yard.carry(signal, report);
            yard.carried = parcels;
            return { type: 'ParcelsCarried', data: {} };
          },
          undo: { records: 'ParcelsFetchedBack', run: () => Promise.resolve(void (yard.carried = 0)) },
        },
        {
          name: 'conclude-delivery',
          records: 'Delivered',
          do: () => Promise.resolve({ type: 'Delivered', data: {} }),
        },
      ],
    },
    announce: {
      name: 'announce',
      startedBy: ['AnnouncementRequested'],
      givesUp: { kind: 'end', outcome: (_delivery, data) => ({ type: 'AnnouncementFailed', data }) },
      steps: [
        {
          name: 'ring-the-bell',
          records: 'Announced',
          do: ({ parcels }) =>
            Promise.resolve(void (yard.announced = parcels)).then(() => ({ type: 'Announced', data: {} })),
        },
      ],
    },
  },
});

export function makeYard(): EngineHarness & { readonly store: InMemoryEventStore; readonly yard: Yard } {
  const clock = new JumpingClock();
  const types: readonly DeliveryEvent['type'][] = [
    'DeliveryRequested',
    'AnnouncementRequested',
    'DeliveryCancelled',
    'VanLoaded',
    'VanUnloaded',
    'ParcelsCarried',
    'ParcelsFetchedBack',
    'Delivered',
    'DeliveryFailed',
    'Announced',
    'AnnouncementFailed',
    'DeliveryHeld',
    'StepFailed',
    'StepRetryRequested',
  ];
  const catalogue = Object.fromEntries(types.map((type) => [type, { version: 1 }]));
  const store = new InMemoryEventStore({ catalogue, now: clock.now });
  return { store, ids: new RandomIds(randomBytes(32)), clock, yard: new Yard() };
}

export async function ask(harness: EngineHarness, stream: string, command: DeliveryCommand): Promise<State> {
  const metadata = {
    correlationId: 'wish',
    causationId: null,
    actor: { kind: 'owner', id: 'own_test' },
    reason: 'test',
  } as const;
  return (await handle(harness, deliveryDecider, stream, command, metadata)).state;
}

export const deliveryOf = async ({ store }: EngineHarness, stream: string) => {
  const history = await store.readStream(stream);
  const types = history.map(({ type }) => type);
  return { types, history };
};
