import { useQuery } from '@tanstack/react-query';
import { api, dataOf, type Project } from '../../api/api.ts';
import { RelativeTime } from '../../components/amounts.tsx';
import { Notice } from '../../components/notice.tsx';
import { project as texts } from '../../texts/en/project.ts';
import styles from './overview.module.css';

/** Why a project is not simply there, in plain words, and what helps. Nothing, when it is. */
export function Trouble({ project }: { readonly project: Project }) {
  const { status, purge_after: purgeAfter, waits_for: waitsFor } = project;
  if (waitsFor !== null || status === 'failed' || status === 'suspended') return <Why project={project} />;
  if (status === 'paused') return <Notice>{texts.paused}</Notice>;
  if (status === 'sleeping') return <Notice>{texts.sleepingNote}</Notice>;
  if (status === 'deleted')
    return (
      <Notice tone="warn" title={texts.deletedNote}>
        {purgeAfter !== null && (
          <>
            {texts.purgeAt}: <RelativeTime at={purgeAfter} />
          </>
        )}
      </Notice>
    );
  return null;
}

function Why({ project: { id, revision, status } }: { readonly project: Project }) {
  const { data: why } = useQuery({
    queryKey: ['project', id, 'why', revision],
    queryFn: ({ signal }) => dataOf(api.GET('/api/projects/{id}/why', { params: { path: { id } }, signal })),
  });
  if (!why) return null;
  const { summary, advice, waits_for: waits } = why;
  return (
    <Notice tone={status === 'failed' || status === 'suspended' ? 'bad' : 'warn'} title={summary}>
      <div className={styles['chain']}>
        {waits && (
          <p>
            {texts.waiting}: <code>{waits.step}</code>, {texts.tries(waits.attempts)}
            {waits.until !== null && (
              <>
                , {texts.nextTry} <RelativeTime at={waits.until} />
              </>
            )}
            . {waits.reason}
          </p>
        )}
        {advice !== null && (
          <p>
            {texts.whatHelps}: {advice}
          </p>
        )}
      </div>
    </Notice>
  );
}
