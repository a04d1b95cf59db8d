/**
 * Keeps the logs of the programs that we start small: each has one file, and the end of what came before it. They are
 * open for appending, so a file that is cut to nothing is written on from its beginning, and no program has to be told.
 */
import { constants, open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../application/ports/log.ts';

export interface LogRotationOptions {
  /** programs' folders are in it, and `*.log` in each */
  readonly folder: string;
  readonly log: Log;
  readonly maxBytes?: number;
}

const MAX_BYTES = 10 * 1024 * 1024;

export class LogRotation {
  readonly #options: LogRotationOptions;
  readonly #stopping = new AbortController();
  #going: Promise<void> = Promise.resolve();

  constructor(options: LogRotationOptions) {
    this.#options = options;
  }

  start(everyMs: number): void {
    this.#going = this.#go(everyMs);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#going;
  }

  /** Once over all of them. */
  async rotate(): Promise<void> {
    const { folder, maxBytes = MAX_BYTES } = this.#options;
    const files = await readdir(folder, { withFileTypes: true });
    for (const { name } of files.filter((file) => file.isDirectory())) {
      const logs = await readdir(join(folder, name)).catch(() => []);
      for (const file of logs.filter((one) => one.endsWith('.log')))
        await rotateOne(join(folder, name, file), maxBytes);
    }
  }

  async #go(everyMs: number): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.rotate().catch((error: unknown) =>
        this.#options.log.warn({ err: error }, 'could not cut the logs of programs'),
      );
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}

/** The folders are the programs': no link of theirs leads us elsewhere. */
const { O_RDWR, O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;

async function rotateOne(path: string, maxBytes: number): Promise<void> {
  const log = await open(path, O_RDWR | O_NOFOLLOW).catch(() => undefined);
  try {
    const size = (await log?.stat())?.size ?? 0;
    if (!log || size <= maxBytes) return;
    const before = await open(`${path}.1`, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      await copyEnd(log, before, size, maxBytes);
    } finally {
      await before.close();
    }
    await log.truncate();
  } finally {
    await log?.close();
  }
}

async function copyEnd(from: FileHandle, to: FileHandle, size: number, bytes: number): Promise<void> {
  const buffer = Buffer.alloc(1024 * 1024);
  for (let position = size - bytes; position < size;) {
    const { bytesRead } = await from.read({ buffer, position });
    if (bytesRead === 0) return;
    await to.write(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}
