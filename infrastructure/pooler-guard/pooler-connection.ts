/** The way to PgBouncer, which may be starting again just now. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gone } from './inbox.ts';
import type { PoolerAddress } from './guard-options.ts';
import { Refusal } from './wire.ts';

const RETRY_EVERY_MS = 50;
/** it is starting, or has more callers at this moment than its socket holds in line */
const PASSING = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN', 'ECONNRESET']);
export const KEEP_ALIVE_MS = 60_000;

/** @throws {Refusal} it does not answer within that long @throws {Gone} nobody waits for it any more */
export async function connectToPooler(
  address: PoolerAddress,
  withinMs: number,
  ends: AbortSignal,
): Promise<Socket> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const left = deadline - performance.now();
    const outcome = await tryOnce(address, Math.max(left, 1), ends);
    if (ends.aborted) {
      if (typeof outcome !== 'string') outcome.destroy();
      throw ends.reason instanceof Error ? ends.reason : new Gone();
    }
    if (typeof outcome !== 'string') return outcome;
    if (!PASSING.has(outcome) || left <= RETRY_EVERY_MS)
      throw new Refusal(
        'cannot_connect_now',
        'the pooler is not there at the moment; try again in a few seconds',
      );
    await sleep(RETRY_EVERY_MS);
  }
}

/** @returns the code of the failure */
function tryOnce(address: PoolerAddress, withinMs: number, ends: AbortSignal): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect({
      ...address,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
    const settle = (outcome: Socket | string): void => {
      clearTimeout(timer);
      ends.removeEventListener('abort', given);
      if (typeof outcome === 'string') socket.destroy();
      resolve(outcome);
    };
    const given = (): void => settle('ECANCELED');
    const timer = setTimeout(() => settle('ETIMEDOUT'), withinMs);
    ends.addEventListener('abort', given, { once: true });
    socket.once('connect', () => settle(socket));
    // it stays for the life of the socket: what goes wrong later shows in its end
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? 'unknown'));
  });
}
