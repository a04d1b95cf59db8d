import type { ReactNode } from 'react';
import type { Project } from '../../api/api.ts';
import { Bytes, Meter } from '../../components/amounts.tsx';
import { Notice } from '../../components/notice.tsx';
import { Section } from '../../components/page.tsx';
import { project as texts } from '../../texts/en/project.ts';
import styles from './overview.module.css';

const FULL = {
  'within-limit': undefined,
  'near-limit': texts.nearLimit,
  'read-only': texts.readOnly,
  'cut-off': texts.cutOff,
} as const;

/** What a project takes up, of what it may. */
export function Usage({ project: { usage, limits } }: { readonly project: Project }) {
  const { database_size_bytes: size, storage_bytes: files, storage_files: count } = usage;
  const most = limits.database_size_bytes;
  const full = FULL[usage.database];
  return (
    <Section title={texts.usage}>
      <div className={styles['usage']}>
        {full !== undefined && (
          <Notice tone={usage.database === 'near-limit' ? 'warn' : 'bad'}>{full}</Notice>
        )}
        <Amount
          label={texts.database}
          beside={
            most === null ? (
              texts.noLimit
            ) : (
              <>
                {texts.of} <Bytes value={most} />
              </>
            )
          }
        >
          {size === null ? texts.unknown : <Bytes value={size} />}
          <Meter label={texts.database} value={size ?? 0} most={most} />
        </Amount>
        <Amount label={texts.files} beside={count === null ? '' : texts.fileCount(count)}>
          {files === null ? texts.unknown : <Bytes value={files} />}
        </Amount>
        <Amount label={texts.connections} beside={texts.connectionsNote}>
          {limits.connections}
        </Amount>
      </div>
    </Section>
  );
}

function Amount({
  label,
  beside,
  children,
}: {
  readonly label: string;
  readonly beside: ReactNode;
  readonly children: ReactNode;
}) {
  const [value, meter] = Array.isArray(children) ? (children as ReactNode[]) : [children];
  return (
    <div className={styles['amount']}>
      <div className={styles['line']}>
        <h3>{label}</h3>
        <span className={styles['value']}>
          {value} <span className={styles['soft']}>{beside}</span>
        </span>
      </div>
      {meter}
    </div>
  );
}
