/**
 * Keeps the logs of the programs that we start small: each has one file, and the end of what came before it. They are
 * open for appending, so a file that is cut to nothing is written on from its beginning, and no program has to be told.
 */
import { constants, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../application/ports/log.ts';
import { openLogFile } from './log-file.ts';

export interface LogRotationOptions {
  /** programs' folders are in it, and `*.log` in each */
  readonly folder: string;
  readonly log: Log;
  readonly maxBytes?: number;
}

const MAX_BYTES = 10 * 1024 * 1024;

export class LogRotation {
  readonly #options: LogRotationOptions;

  constructor(options: LogRotationOptions) {
    this.#options = options;
  }

  /** Once over all of them. */
  async rotate(): Promise<void> {
    const { folder, maxBytes = MAX_BYTES } = this.#options;
    const files = await readdir(folder, { withFileTypes: true });
    for (const { name } of files.filter((file) => file.isDirectory())) {
      const logs = await readdir(join(folder, name)).catch(() => []);
      const { uid } = await stat(join(folder, name));
      for (const file of logs.filter((one) => one.endsWith('.log')))
        await this.#rotateOne(join(folder, name, file), uid, maxBytes);
    }
  }

  /** One that is none of ours, or has gone by now, is no other one's affair. */
  async #rotateOne(path: string, owner: number, maxBytes: number): Promise<void> {
    await rotate(path, owner, maxBytes).catch((error: unknown) =>
      this.#options.log.debug({ path, err: error }, 'could not cut the log of a program'),
    );
  }
}

const { O_RDWR, O_WRONLY, O_CREAT } = constants;

async function rotate(path: string, owner: number, maxBytes: number): Promise<void> {
  const log = await openLogFile(path, O_RDWR, owner);
  try {
    const { size } = await log.stat();
    if (size <= maxBytes) return;
    const before = await openLogFile(`${path}.1`, O_WRONLY | O_CREAT, owner);
    try {
      await before.truncate();
      await copyEnd(log, before, size, maxBytes);
    } finally {
      await before.close();
    }
    await log.truncate();
  } finally {
    await log.close();
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
