import { expect, test, vi } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { Clock } from '../ports/clock.ts';
import { newProject } from '../ports/databases.contract.ts';
import type { MailOutbox } from '../ports/mail-outbox.ts';
import { MailSender } from './mail-sender.ts';

/** Time passes when it is told to. */
class HeldClock implements Clock {
  readonly waiting: { readonly ms: number; readonly goOn: () => void }[] = [];

  now = () => new Date(0);
  elapsedMs = () => 0;
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiting.push({ ms, goOn: resolve });
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
    return promise;
  }
}

function lookingAt(projects: readonly ProjectId[]) {
  const visited = new Set<ProjectId>();
  const clock = new HeldClock();
  const never = () => Promise.reject(new Error('nobody left a mail'));
  const outbox: MailOutbox = {
    tidy: (project) => Promise.resolve(void visited.add(project)),
    claim: () => Promise.resolve({ mail: undefined, waitMs: undefined }),
    handOver: never,
    settle: never,
    list: never,
  };
  const sender = new MailSender({
    outbox,
    mailer: { send: never },
    find: (id) => Promise.resolve({ id, settings: { smtp: null }, secrets: { smtpPassword: null } }),
    served: () => Promise.resolve(projects),
    operatorAccount: undefined,
    allowPrivate: false,
    clock,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    metrics: { mail() {} },
  });
  return { sender, clock, visited };
}

test('a look at many opens sessions of a few at once, and comes to all', async () => {
  const projects = Array.from({ length: 100 }, newProject);
  const { sender, clock, visited } = lookingAt(projects);
  let isOver = false;
  const look = sender.look().then(() => (isOver = true));
  await vi.waitFor(() => expect(clock.waiting).toHaveLength(4));
  expect(visited.size).toBe(60);
  expect(new Set(clock.waiting.map(({ ms }) => ms))).toEqual(new Set([1_000]));
  await vi.waitFor(() => {
    for (const { goOn } of clock.waiting.splice(0)) goOn();
    expect(isOver).toBe(true);
  });
  await look;
  expect([...visited].toSorted()).toEqual(projects.toSorted());
});

test('whoever stops it waits for no pause', async () => {
  const { sender, clock, visited } = lookingAt(Array.from({ length: 70 }, newProject));
  const look = sender.look();
  await vi.waitFor(() => expect(clock.waiting).toHaveLength(4));
  await sender.stop();
  await look;
  expect(visited.size).toBe(60);
});
