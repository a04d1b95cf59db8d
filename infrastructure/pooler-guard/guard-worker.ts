/** What runs in the guard's thread; see `guard-thread.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { Refused } from '../../application/errors.ts';
import type { Log } from '../../application/ports/log.ts';
import type { GuardOptions } from './guard-options.ts';
import { PoolerGuard, type GuardUsage } from './pooler-guard.ts';

export type ToThread = 'listen' | 'stop' | 'usage';
export type FromThread =
  | { readonly listens: true }
  | { readonly refused: string }
  | { readonly usage: GuardUsage }
  | { readonly log: keyof Log; readonly fields: Record<string, unknown>; readonly message: string };

const tell = (said: FromThread): void => parentPort?.postMessage(said);
const line =
  (log: keyof Log) =>
  (fields: Record<string, unknown>, message: string): void =>
    tell({ log, fields, message });

const guard = new PoolerGuard(workerData as GuardOptions, {
  debug: line('debug'),
  info: line('info'),
  warn: line('warn'),
  error: line('error'),
});

parentPort?.on('message', (asked: ToThread) => {
  if (asked === 'listen') return void listen();
  if (asked === 'usage') return tell({ usage: guard.usage });
  void guard.stop().finally(() => parentPort?.close());
});

async function listen(): Promise<void> {
  try {
    await guard.start();
    tell({ listens: true });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell({ refused: error.message });
  }
}
