/** What is told of the server that the log has, where it has one: in metrics, in `/ready`, and once at start. */
import type { LogServer, LogServerStanding } from '../../application/ports/event-store.ts';
import type { Log } from '../../application/ports/log.ts';
import type { Metrics } from '../http/metrics.ts';

const ASK_AFTER_MS = 2_000;

/** @param asksForLimit of the processes one is enough to say what is set too small there */
export function lookAtServer(
  server: LogServer,
  { asksForLimit }: { readonly asksForLimit: boolean },
  metrics: Metrics,
  log: Log,
): void {
  const { leader, away, lastAway } = metrics.logServer;
  metrics.collectFrom({
    name: 'event-store',
    sets: [leader, ...[away, lastAway].map((gauge) => ({ reset: () => gauge.remove() }))],
    collect() {
      const standing = server.standing();
      if (standing.leader !== undefined) leader.set({ node: standing.leader }, 1);
      away.set(standing.awayMs / 1000);
      lastAway.set(standing.lastAwayMs / 1000);
      return Promise.resolve();
    },
  });
  if (!asksForLimit) return;
  // it costs a tenth of a second, and nobody waits for it: an append that is too big is refused by name anyway
  setTimeout(() => {
    server.shortcoming().then(
      (shortcoming) => shortcoming !== undefined && log.warn({}, shortcoming),
      (error: unknown) => log.debug({ err: error }, 'the size limit of the log could not be asked for'),
    );
  }, ASK_AFTER_MS).unref();
}

/** Which node of the log's server leads, and for how long none has answered, or had not when one came back. */
export function aboutServer(standing: LogServerStanding | undefined): string {
  if (!standing) return '';
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const { leader = 'nobody yet', awayMs, lastAwayMs } = standing;
  if (awayMs > 0) return `, for ${seconds(awayMs)}; ${leader} led`;
  return `, ${leader} leads${lastAwayMs > 0 ? `, was away for ${seconds(lastAwayMs)}` : ''}`;
}
