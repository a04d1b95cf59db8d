import { useQuery, type UseQueryOptions } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { settings as texts } from '../../texts/en/settings.ts';
import styles from './settings.module.css';

interface ReadProps<T> {
  readonly query: UseQueryOptions<T, Error, T, never>;
  readonly children: (data: T) => ReactNode;
}

/** What is shown of settings, when they have been read. */
export function Read<T>({ query, children }: ReadProps<T>) {
  const found = useQuery(query);
  if (found.isPending) return <SkeletonRows rows={4} height="72px" />;
  if (found.isError)
    return <ErrorState title={texts.notRead} error={found.error} retry={() => void found.refetch()} />;
  return <div className={styles['sections']}>{children(found.data)}</div>;
}
