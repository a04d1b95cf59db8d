/** What the work gives or, when the time is over first, what `late` gives or throws. The work is not ended by it. */
export async function within<T, L>(ms: number, work: Promise<T>, late: () => L): Promise<T | L> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return Promise.race([work, over.then(late)]).finally(() => clearTimeout(timer));
}

/** What the work gives or, when the signal (if there is one) aborts first, what `aborted` gives or throws. The work is not ended by it. */
export async function unlessAborted<T, L>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  aborted: () => L,
): Promise<T | L> {
  if (!signal) return work;
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

/** Nobody waits longer than the signal says; what they wait for is everybody's, and goes on. @throws its reason */
export async function unlessStopped(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  await unlessAborted(work, signal, () => {
    throw signal?.reason as Error;
  });
}
