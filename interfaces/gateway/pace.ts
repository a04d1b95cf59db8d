import type { IncomingMessage } from 'node:http';
import type { GatewayLimits } from './limits.ts';

const LOOK_EVERY_MS = 500;

/**
 * Calls `tooSlow` once a body is further behind its pace than the grace. Only the time counts in which `wanted` says
 * that more of it could be taken.
 * @returns to be called when nothing is waited for any more
 */
export function keepPace(
  request: IncomingMessage,
  { bodyGraceMs, bodyBytesPerSecond }: Pick<GatewayLimits, 'bodyGraceMs' | 'bodyBytesPerSecond'>,
  wanted: () => boolean,
  tooSlow: () => void,
): () => void {
  let bytes = 0;
  let waitedMs = 0;
  const everyMs = Math.min(LOOK_EVERY_MS, bodyGraceMs);
  const count = (chunk: Buffer) => void (bytes += chunk.length);
  request.on('data', count);
  const timer = setInterval(() => {
    if (request.complete) return stop();
    if (wanted()) waitedMs += everyMs;
    if (waitedMs > bodyGraceMs + (bytes / bodyBytesPerSecond) * 1000) tooSlow();
  }, everyMs);
  const stop = () => {
    clearInterval(timer);
    request.off('data', count);
  };
  return stop;
}
