import { useMutation, useQuery } from '@tanstack/react-query';
import { api, type Answer } from '../../api/api.ts';
import { partQuery, refreshOperator, useMayWrite } from '../../api/operator.ts';
import { RelativeTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { toast } from '../../components/toast.ts';
import { operator as texts } from '../../texts/en/operator.ts';
import styles from './operator.module.css';
import { Part } from './part.tsx';

type Stuck = Answer<'/api/operator/failures', 'get', 200>['projects'][number];

/** What is stuck, why, and the button that helps. */
export function Failures() {
  const query = useQuery(partQuery('/api/operator/failures'));
  return (
    <Part title={texts.failuresTitle} description={texts.failuresHint} query={query} rows={1}>
      {({ projects }) =>
        projects.length === 0 ? (
          <p>{texts.noFailures}</p>
        ) : (
          <div className={styles['stack']}>
            {projects.map((project) => (
              <Failure key={project.id} project={project} />
            ))}
          </div>
        )
      }
    </Part>
  );
}

function Failure({
  project: { id, status, summary, waits_for: waits, advice },
}: {
  readonly project: Stuck;
}) {
  const mayWrite = useMayWrite();
  const retrying = useMutation({
    mutationFn: () => api.POST('/api/operator/projects/{id}/retry', { params: { path: { id } } }),
    onSuccess: () => {
      toast.done(texts.retried);
      return refreshOperator();
    },
    onError: (error) => toast.failed(texts.notRetried, error),
  });
  const isSuspended = status === 'suspended';
  return (
    <Notice
      tone={isSuspended ? 'bad' : 'warn'}
      title={summary}
      action={
        isSuspended &&
        mayWrite && (
          <Button icon="refresh" busy={retrying.isPending} onClick={() => retrying.mutate()}>
            {texts.retry}
          </Button>
        )
      }
    >
      <code>{id}</code>
      {waits && (
        <p>
          {texts.waiting} <code>{waits.step}</code>, {texts.tries(waits.attempts)}
          {waits.until !== null && (
            <>
              , {texts.nextTry} <RelativeTime at={waits.until} />
            </>
          )}
          : {waits.reason}
        </p>
      )}
      {advice !== null && (
        <p>
          {texts.whatHelps}: {advice}
        </p>
      )}
    </Notice>
  );
}
