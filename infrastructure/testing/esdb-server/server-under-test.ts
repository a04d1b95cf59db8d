import { inject } from 'vitest';
import { EsdbServer } from './esdb-server.ts';
import { MOST_MESSAGE_BYTES } from './serving.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** a real EventStoreDB, given by `npm run test:eventstoredb` */
    eventStoreDbUrl: string | undefined;
  }
}

export interface ServerUnderTest {
  readonly url: string;
  stop(): Promise<void>;
}

/** The real server when there is one, and ours otherwise; either is set to the most that a server takes. */
export async function serverUnderTest(): Promise<ServerUnderTest> {
  const url = inject('eventStoreDbUrl');
  if (url) return { url, stop: () => Promise.resolve() };
  return EsdbServer.started({ maxAppendBytes: MOST_MESSAGE_BYTES, commitTimeoutMs: 300 });
}
