import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testDatabase, type TestDatabase } from '../../infrastructure/testing/database.ts';
import { quietLog } from '../../infrastructure/testing/folder.ts';
import { LedWork } from './led-work.ts';
import { sessionOpener } from '../../infrastructure/postgres/scram-client.ts';

let database: TestDatabase;
let all: LedWork[];
beforeEach(async () => {
  database = await testDatabase();
  all = [];
});
afterEach(async () => {
  await Promise.all(all.map((one) => one.stop()));
  await database[Symbol.asyncDispose]();
});

function worker() {
  const does = { started: 0, stopped: 0 };
  const work = {
    start: () => Promise.resolve(void does.started++),
    stop: () => Promise.resolve(void does.stopped++),
  };
  const openSession = sessionOpener({ connectionString: database.url });
  const led = new LedWork({ name: 'work', openSession, log: quietLog, work });
  all.push(led);
  return { led, does };
}

test('E60 of two processes one works; when it stops the other takes over at once', async () => {
  const [first, second] = [worker(), worker()];
  await first.led.start();
  await second.led.start();
  expect([first.does.started, second.does.started]).toEqual([1, 0]);
  await first.led.stop();
  expect(first.does.stopped).toBe(1);
  await vi.waitFor(() => expect(second.led.leading).toBe(true), { timeout: 5_000 });
  expect(second.does.started).toBe(1);
});

test('E60 the leader loses its session: somebody takes over within 5 s, and never do both work', async () => {
  const [first, second] = [worker(), worker()];
  await first.led.start();
  await second.led.start();
  await database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'launchdb leader of work' AND pid IN
       (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)`,
  );
  await vi.waitFor(
    () => {
      const atWork = [first, second].filter(({ does }) => does.started > does.stopped);
      expect(atWork).toHaveLength(1);
      expect(first.does.started + second.does.started).toBe(2);
    },
    { timeout: 5_000 },
  );
});

test('work that cannot begin is begun again', async () => {
  let tries = 0;
  const start = () => (++tries < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve());
  const work = { start, stop: () => Promise.resolve() };
  const led = new LedWork({
    name: 'work',
    openSession: sessionOpener({ connectionString: database.url }),
    log: quietLog,
    work,
  });
  all.push(led);
  await led.start();
  await vi.waitFor(() => expect(led.leading).toBe(true), { timeout: 5_000 });
  await sleep(10);
  expect(tries).toBe(3);
});
