import type { BackOff } from './back-off.ts';
import { pause } from './pause.ts';

export interface KeepAtIt {
  /** ends it: neither begins the work again nor waits for that any longer */
  readonly signal: AbortSignal;
  /** between two runs; reset by the work when all is well */
  readonly backOff: Pick<BackOff, 'next'>;
  /** not told of what ends by the signal */
  readonly failed: (error: unknown) => void;
}

/** What has no end of its own (to listen, to lead) and is begun again whenever it ends or fails, after a pause. */
export async function keepAtIt(
  work: (signal: AbortSignal) => Promise<unknown>,
  { signal, backOff, failed }: KeepAtIt,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work(signal);
    } catch (error) {
      if (!signal.aborted) failed(error);
    }
    await pause(backOff.next(), signal);
  }
}
