import type { z } from 'zod';
import { invalidRequest } from './problems.ts';

const MAX_LENGTH = 1_000;

/** The place in a list where the next page begins: opaque to the caller, checked when it comes back. */
export const encodeCursor = (place: unknown): string =>
  Buffer.from(JSON.stringify(place)).toString('base64url');

/** @throws {RequestProblem} 400 for a cursor that is not one of ours */
export function decodeCursor<T>(cursor: string, schema: z.ZodType<T>): T {
  try {
    if (cursor.length <= MAX_LENGTH && /^[\w-]+$/.test(cursor)) {
      return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    }
  } catch {
    // answered below
  }
  throw invalidRequest([{ pointer: '/query/cursor', detail: 'Not a cursor of this list.' }]);
}
