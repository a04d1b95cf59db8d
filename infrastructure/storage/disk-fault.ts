import { Refused, unavailable } from '../../application/errors.ts';
import { StoreFull } from '../../application/ports/object-store.ts';

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** What an error of the file system means to whoever wanted something of a store. `attempted` completes "could not ...". */
export function diskFault(attempted: string, error: unknown): Error {
  const code = codeOf(error);
  if (error instanceof Refused || error instanceof StoreFull) return error;
  // a disk has no blocks or inodes left, or the user that we run as has used theirs up
  if (code === 'ENOSPC' || code === 'EDQUOT') return new StoreFull();
  // what should be a folder or a file of ours is something else: nobody but whoever has access to the disk can put it there
  if (code === 'ELOOP' || code === 'ENOTDIR' || code === 'EISDIR')
    return new Refused(`could not ${attempted}: something in the data directory is not ours`, error);
  return unavailable('storage', attempted, error);
}

export async function onDisk<T>(attempted: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFault(attempted, error);
  }
}
