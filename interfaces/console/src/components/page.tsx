/** What every page begins with: its heading, and what can be done there. */
import { useEffect, type ReactNode } from 'react';
import { shell as texts } from '../texts/en/shell.ts';
import styles from './page.module.css';

/** The window's title. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${texts.product}`;
  }, [title]);
}

interface PageHeaderProps {
  readonly title: ReactNode;
  /** beside it: a status */
  readonly beside?: ReactNode;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
}

export function PageHeader({ title, beside, description, actions }: PageHeaderProps) {
  return (
    <header className={styles['header']}>
      <div className={styles['words']}>
        <div className={styles['line']}>
          <h1>{title}</h1>
          {beside}
        </div>
        {description !== undefined && <p className={styles['description']}>{description}</p>}
      </div>
      {actions !== undefined && <div className={styles['actions']}>{actions}</div>}
    </header>
  );
}

interface SectionProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  readonly danger?: boolean;
  readonly children: ReactNode;
}

/** A part of a page in a frame of its own. */
export function Section({ title, description, actions, danger, children }: SectionProps) {
  return (
    <section className={danger ? `${styles['section']} ${styles['danger']}` : styles['section']}>
      <div className={styles['sectionHeader']}>
        <div className={styles['words']}>
          <h2>{title}</h2>
          {description !== undefined && <p className={styles['description']}>{description}</p>}
        </div>
        {actions}
      </div>
      <div className={styles['sectionBody']}>{children}</div>
    </section>
  );
}
