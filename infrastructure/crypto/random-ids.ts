import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { projectId, type ProjectId } from '../../domain/project/project-id.ts';
import type { Ids } from '../../application/ports/ids.ts';

export class RandomIds implements Ids {
  readonly #key: Uint8Array;

  /** @param key makes the ids of {@link projectIdFor} unguessable; at least 32 bytes */
  constructor(key: Uint8Array) {
    if (key.length < 32) throw new TypeError('the key of ids needs 32 bytes');
    this.#key = key;
  }

  uuid(): string {
    return randomUUID();
  }

  projectId(): ProjectId {
    return projectId(`proj_${randomBytes(8).toString('hex')}`);
  }

  projectIdFor(ownerId: string, idempotencyKey: string): ProjectId {
    // as JSON, so that no two pairs make the same text
    const digest = createHmac('sha256', this.#key)
      .update(JSON.stringify([ownerId, idempotencyKey]))
      .digest('hex');
    return projectId(`proj_${digest.slice(0, 16)}`);
  }

  uuidFor(text: string): string {
    const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
    // RFC 9562: version 8 is for whatever way one likes; the variant is 10
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = bytes.toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  random(): number {
    return Math.random();
  }
}
