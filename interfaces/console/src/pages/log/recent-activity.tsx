/** For the overview of a project: what happened last, and the way to who saw its keys. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { readLog } from '../../api/log.ts';
import { Section } from '../../components/page.tsx';
import { buttonClass } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { SkeletonRows } from '../../components/states.tsx';
import { log as texts } from '../../texts/en/log.ts';
import { EntryRow } from './entry-row.tsx';
import styles from './log.module.css';

const SHOWN = 5;
const ASK_EVERY_MS = 5_000;

export function RecentActivity({ project }: { readonly project: string }) {
  const { data, error } = useQuery({
    queryKey: ['log', project, 'recent'],
    queryFn: ({ signal }) => readLog(project, { limit: SHOWN }, signal),
    refetchInterval: ASK_EVERY_MS,
  });
  const to = (search: string) => `/projects/${project}/log${search}`;
  return (
    <Section
      title={texts.recentTitle}
      actions={
        <span className={styles['buttons']}>
          <Link href={to('?type=ApiKeysRevealed')} className={buttonClass('plain', true)}>
            {texts.recentKeys}
          </Link>
          <Link href={to('')} className={buttonClass('plain', true)}>
            {texts.recentAll}
          </Link>
        </span>
      }
    >
      {error && !data && <Notice tone="bad" error={error} />}
      {!data && !error && <SkeletonRows rows={SHOWN} height="53px" />}
      <div className={styles['recent']}>
        {data?.entries.map((entry) => (
          <EntryRow key={entry.position} entry={entry} href={to(`?entry=${entry.position}`)} />
        ))}
      </div>
    </Section>
  );
}
