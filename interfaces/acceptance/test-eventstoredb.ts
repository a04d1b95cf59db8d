/**
 * `npm run test:eventstoredb`: the event store's suite on a real EventStoreDB. EVENTSTOREDB_URL names one that is
 * empty, lets the user of the URL do everything and was started with `--max-append-size 16767216`, the most that it
 * takes; without that variable one is started in Docker.
 */
import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';
import { startVitest } from 'vitest/node';
import { MAX_APPEND_BYTES } from '../../application/ports/event-store.ts';

const IMAGE = 'eventstore/eventstore:24.10';
const PORT = 2113;

const NONE = (reason: string) => `No EventStoreDB to test with. Set EVENTSTOREDB_URL (such as
esdb://localhost:2113?tls=false, started with --max-append-size ${MAX_APPEND_BYTES}), or make Docker able to
run ${IMAGE}: ${reason}`;

async function startContainer(): Promise<StartedTestContainer | undefined> {
  try {
    return await new GenericContainer(IMAGE)
      .withEnvironment({
        EVENTSTORE_INSECURE: 'true',
        EVENTSTORE_MEM_DB: 'true',
        EVENTSTORE_MAX_APPEND_SIZE: String(MAX_APPEND_BYTES),
        // the projections of the system write links between our events
        EVENTSTORE_RUN_PROJECTIONS: 'System',
        EVENTSTORE_START_STANDARD_PROJECTIONS: 'true',
      })
      .withExposedPorts(PORT)
      .withWaitStrategy(Wait.forHttp('/health/live', PORT).forStatusCode(204))
      .start();
  } catch (error) {
    console.error(NONE(error instanceof Error ? error.message : String(error)));
    return undefined;
  }
}

async function test(url: string): Promise<void> {
  const vitest = await startVitest('test', [], {
    config: false,
    watch: false,
    reporters: ['default', './interfaces/acceptance/summary-reporter.ts'],
    include: [
      'infrastructure/event-store/eventstoredb/esdb-event-store.int.test.ts',
      'infrastructure/testing/esdb-server/esdb-facts.int.test.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    provide: { eventStoreDbUrl: url },
  });
  await vitest.close();
}

const given = process.env['EVENTSTOREDB_URL'];
const container = given ? undefined : await startContainer();
const url =
  given ?? (container && `esdb://${container.getHost()}:${container.getMappedPort(PORT)}?tls=false`);
if (url) await test(url);
else process.exitCode = 1;
await container?.stop();
