import type { ReactNode } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { Section } from '../../components/page.tsx';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { operator as texts } from '../../texts/en/operator.ts';

interface PartProps<T> {
  readonly title: string;
  readonly description?: string;
  readonly actions?: ReactNode;
  readonly query: UseQueryResult<T>;
  readonly rows?: number;
  readonly children: (data: T) => ReactNode;
}

/** One part of how the platform stands, in each of its states. What was seen stays while it cannot be asked again. */
export function Part<T>({ title, description, actions, query, rows = 3, children }: PartProps<T>) {
  const { data, error, refetch } = query;
  return (
    <Section title={title} description={description} actions={actions}>
      {data !== undefined ? (
        children(data)
      ) : error ? (
        <ErrorState title={texts.failed} error={error} retry={() => void refetch()} />
      ) : (
        <SkeletonRows rows={rows} />
      )}
    </Section>
  );
}
