import type { ReactNode } from 'react';
import styles from './key-value.module.css';

export interface KeyValue {
  readonly key: string;
  readonly value: ReactNode;
}

/** What something is, line by line. */
export function KeyValueList({ items }: { readonly items: readonly KeyValue[] }) {
  return (
    <dl className={styles['list']}>
      {items.map(({ key, value }) => (
        <div key={key} className={styles['row']}>
          <dt className={styles['key']}>{key}</dt>
          <dd className={styles['value']}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
