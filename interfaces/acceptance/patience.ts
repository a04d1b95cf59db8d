/** How long a test waits for what a loaded machine may take long to do; `interval`: from one look to the next, in milliseconds. */
export const patience = (interval: number) => ({ timeout: 120_000, interval });
