/** One at a time, in whatever process of the platform: for what has to be looked at and changed in one piece. */
export interface Turns {
  /**
   * Does the work when nobody else does work of that name.
   * @throws what the work threw, and {@link Unavailable} when its turn does not come in time
   */
  take<T>(name: string, work: () => Promise<T>): Promise<T>;
}
