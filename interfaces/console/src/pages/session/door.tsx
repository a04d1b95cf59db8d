import type { ReactNode } from 'react';
import { Mark } from '../../components/mark.tsx';
import { session as texts } from '../../texts/en/session.ts';
import styles from './door.module.css';

/** What stands around a form for who is not in yet. */
export function Door({
  title,
  below,
  children,
}: {
  readonly title: string;
  readonly below: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <main className={styles['door']}>
      <div className={styles['card']}>
        <Mark size={36} />
        <h1 className={styles['title']}>{title}</h1>
        <div className={styles['form']}>{children}</div>
        <p className={styles['below']}>{below}</p>
      </div>
      <p className={styles['promise']}>{texts.promise}</p>
    </main>
  );
}
