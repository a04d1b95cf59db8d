import { expect, test } from 'vitest';
import { fold, type Recorded } from '../decider.ts';
import { Rejection } from '../rejection.ts';
import { DEFAULT_DATA_API_SETTINGS, type ProjectEvent, type SigningKey } from './events.ts';
import { projectDecider } from './project-decider.ts';
import { projectId } from './project-id.ts';
import type { ProjectCommand } from './project.ts';
import { MOST_SIGNING_KEYS } from './signing-keys.ts';

const secrets = { keyVersion: 1, ciphertext: 'sealed' };
const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, second));
const plain = (type: ProjectEvent['type']) => ({ type, data: {} }) as ProjectEvent;
const key = (kid: string): SigningKey => ({
  publicKey: { kid, use: 'sig', alg: 'RS256', kty: 'RSA', n: 'n', e: 'AQAB' },
  sealed: secrets,
});
const change = (kid: string | null, until: number): ProjectEvent => ({
  type: 'SigningKeyChanged',
  data: { key: kid === null ? null : key(kid), overlapUntil: at(until).toISOString() },
});
const asked = (kid: string | null, until: number, now = 50): ProjectCommand => ({
  kind: 'ChangeSigningKey',
  key: kid === null ? null : key(kid),
  overlapUntil: at(until),
  now: at(now),
});
const reloaded = plain('PostgrestReloaded');
const active: readonly ProjectEvent[] = [
  {
    type: 'ProjectRequested',
    data: {
      projectId: projectId('proj_0123456789abcdef'),
      ownerId: 'own_1',
      name: 'shop',
      displayName: 'Shop',
      templateVersion: 1,
      server: 'main',
      secrets,
      dataApi: DEFAULT_DATA_API_SETTINGS,
    },
  },
  plain('PostgrestSpawned'),
  plain('ProjectActivated'),
];
const asleep = [
  ...active,
  { type: 'ProjectSleepRequested', data: { idleSince: at(0).toISOString() } } as const,
  plain('PostgrestRemoved'),
  plain('ProjectSlept'),
];

const state = (events: readonly ProjectEvent[]) => {
  const recorded = events.map((event, revision): Recorded<ProjectEvent> => ({
    ...event,
    revision,
    recordedAt: at(revision),
  }));
  const project = fold(projectDecider, recorded);
  if (project.kind !== 'project') throw new Error('no project');
  return project;
};
const signs = (events: readonly ProjectEvent[]) => {
  const { held, signs: now, next } = state(events).signingKeys;
  return { now, next: next ? next.kid : undefined, good: held.map(({ publicKey }) => publicKey.kid) };
};
const decide = (events: readonly ProjectEvent[], command: ProjectCommand) =>
  projectDecider.decide(command, state(events));

test('a key is checked by at once and signs when the REST API has been told', () => {
  const waiting = [...active, change('a', 60)];
  expect(signs(waiting)).toEqual({ now: null, next: 'a', good: ['a'] });
  expect(state(waiting).run?.process).toBe('apply-settings');
  expect(signs([...waiting, reloaded])).toEqual({ now: 'a', next: undefined, good: ['a'] });
  const second = [...waiting, reloaded, change('b', 60)];
  expect(signs(second)).toEqual({ now: 'a', next: 'b', good: ['b', 'a'] });
  expect(signs([...second, reloaded])).toEqual({ now: 'b', next: undefined, good: ['b', 'a'] });
});

test('without a REST API there is nothing to wait for, and one that is started anew knows all', () => {
  expect(signs([...asleep, change('a', 60)])).toMatchObject({ now: 'a', next: undefined });
  expect(state([...asleep, change('a', 60)])).toMatchObject({ status: 'sleeping', run: null });
  const suspended: ProjectEvent = { type: 'ProjectSuspended', data: { step: 'x', reason: 'y' } };
  const stuck = [...active, change('a', 60), suspended];
  expect(signs(stuck).now).toBeNull();
  expect(signs([...stuck, plain('PostgrestRemoved')]).now).toBe('a');
  expect(signs([...stuck, plain('PostgrestSpawned')]).now).toBe('a');
});

test('a key that is to end at once signs nothing more, not even while the next one is taken up', () => {
  const second = [...active, change('a', 60), reloaded, change('b', 0)];
  expect(signs(second)).toEqual({ now: 'b', next: undefined, good: ['b'] });
  // neither do those that were to end later
  const third = [...active, change('a', 60), reloaded, change('b', 60), reloaded, change('c', 0)];
  expect(signs(third)).toEqual({ now: 'c', next: undefined, good: ['c'] });
});

test('back to the secret: tokens of the key are good until the overlap is over', () => {
  const back = [...active, change('a', 60), reloaded, change(null, 30)];
  expect(signs(back)).toEqual({ now: 'a', next: null, good: ['a'] });
  const done = [...back, reloaded];
  expect(signs(done)).toEqual({ now: null, next: undefined, good: ['a'] });
  expect(decide(done, { kind: 'RetireKeys', now: at(29) })).toEqual([]);
  const retired = decide(done, { kind: 'RetireKeys', now: at(30) });
  expect(retired).toEqual([{ type: 'SigningKeysRetired', data: { kids: ['a'] } }]);
  expect(signs([...done, ...retired])).toEqual({ now: null, next: undefined, good: [] });
  expect(state([...done, ...retired]).run?.process).toBe('apply-settings');
});

test('what still signs is not retired, however late it is', () => {
  const waiting = [...active, change('a', 60), reloaded, change('b', 30)];
  expect(decide(waiting, { kind: 'RetireKeys', now: at(99) })).toEqual([]);
  const suspended: ProjectEvent = { type: 'ProjectSuspended', data: { step: 'x', reason: 'y' } };
  expect(signs([...waiting, suspended])).toEqual({ now: 'a', next: 'b', good: ['b', 'a'] });
});

test('whoever asks for the secret that signs already changes nothing, but may end what is good', () => {
  expect(decide(active, asked(null, 60))).toEqual([]);
  const back = [...active, change('a', 60), reloaded, change(null, 30), reloaded];
  expect(decide(back, asked(null, 60))).toEqual([]);
  expect(decide(back, asked(null, 10, 10)).map(({ type }) => type)).toEqual(['SigningKeyChanged']);
  expect(signs([...back, change(null, 0)])).toEqual({ now: null, next: undefined, good: [] });
});

test('it waits its turn, and there are only so many keys at once', () => {
  const code = (events: readonly ProjectEvent[], command: ProjectCommand) => {
    try {
      decide(events, command);
    } catch (error) {
      if (error instanceof Rejection) return error.code;
      throw error;
    }
    return undefined;
  };
  expect(code([...active, change('a', 60)], asked('b', 60))).toBe('project/busy');
  const paused = [...active, plain('ProjectPauseRequested'), plain('ProjectPaused')];
  expect(code(paused, asked('a', 60))).toBe('project/not-active');
  const names = Array.from({ length: MOST_SIGNING_KEYS }, (_, index) => `k${index}`);
  const many = [...active, ...names.flatMap((kid) => [change(kid, 3600), reloaded])];
  expect(code(many.slice(0, -2), asked('b', 3600))).toBeUndefined();
  expect(code(many, asked('b', 3600))).toBe('project/keys-overlap');
  expect(code(many, asked('b', 50, 50))).toBeUndefined();
  expect(code(many, asked(null, 3600))).toBeUndefined();
});

test('a rotated secret signs when the REST API has been told, too', () => {
  const rotated: ProjectEvent = {
    type: 'JwtSecretRotated',
    data: { secrets, overlapUntil: at(60).toISOString() },
  };
  expect(state([...active, rotated]).secretWaits).toBe(true);
  expect(state([...active, rotated, reloaded]).secretWaits).toBe(false);
  expect(state([...asleep, rotated]).secretWaits).toBe(false);
});
