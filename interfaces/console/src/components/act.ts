import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { toast } from './toast.ts';

/**
 * Does something and reads again what is shown of it.
 * @param subject the first part of the keys of queries that it may have changed
 * @returns `act` throws why it was not done, for a dialog to say; `tell` says it itself
 */
export function useAct(subject: string) {
  const client = useQueryClient();
  return useMemo(() => {
    const act = async (done: string, work: () => Promise<unknown>): Promise<void> => {
      try {
        await work();
      } finally {
        // some of it may have been done
        await client.invalidateQueries({ queryKey: [subject] });
      }
      toast.done(done);
    };
    const tell = (done: string, wanted: string, work: () => Promise<unknown>): void =>
      void act(done, work).catch((error: unknown) => toast.failed(wanted, error));
    return { act, tell };
  }, [client, subject]);
}
