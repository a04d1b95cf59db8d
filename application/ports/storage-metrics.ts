/**
 * What the storage service counts for whoever runs the platform: how much, never whose. A call costs nothing, cannot fail and
 * waits for nothing.
 */
export interface StorageMetrics {
  /** Bytes of an object that were stored, or sent to the end. */
  moved(direction: 'in' | 'out', bytes: number): void;
  /** An answer says no with this code of a StorageError. */
  refused(code: string): void;
}
