/** What the work gives or, when the time is over first, what `late` gives or throws. The work is not ended by it. */
export async function within<T, L>(ms: number, work: Promise<T>, late: () => L): Promise<T | L> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<L>((resolve, reject) => {
    timer = setTimeout(() => {
      try {
        resolve(late());
      } catch (error) {
        reject(error as Error);
      }
    }, ms);
  });
  return Promise.race([work, over]).finally(() => clearTimeout(timer));
}

/** What the work gives or, when the signal aborts first, what `aborted` gives or throws. The work is not ended by it. */
export async function unlessAborted<T, L>(
  work: Promise<T>,
  signal: AbortSignal,
  aborted: () => L,
): Promise<T | L> {
  const { promise, resolve, reject } = Promise.withResolvers<L>();
  const abort = () => {
    try {
      resolve(aborted());
    } catch (error) {
      reject(error as Error);
    }
  };
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort));
}
