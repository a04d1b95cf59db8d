import { UploadMissing } from '../ports/upload-spool.ts';
import { StorageError } from './storage-error.ts';

/** @throws {StorageError} NoSuchUpload, where the spool has none @throws whatever else the work does */
export async function missingIsTold<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof UploadMissing) throw new StorageError('NoSuchUpload');
    throw error;
  }
}
