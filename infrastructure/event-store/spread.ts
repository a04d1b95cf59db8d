/** Half of a pause to all of it, so that not everybody asks at once when what was away is back. */
export const spread = (pauseMs: number): number => pauseMs * (0.5 + Math.random() / 2);
