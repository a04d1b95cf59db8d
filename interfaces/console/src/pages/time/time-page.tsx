/** The slider through time: how the project stood at any moment, beside now. */
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { stateQuery } from '../../api/past.ts';
import { ApiProblem } from '../../api/problem.ts';
import { PageHeader } from '../../components/page.tsx';
import { useProjectId } from '../../way/project-id.ts';
import { classes } from '../../components/classes.ts';
import { Notice } from '../../components/notice.tsx';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { time as texts } from '../../texts/en/time.ts';
import { ChangedHere, ChangedSince } from './changes.tsx';
import { ComparedTable } from './compared-table.tsx';
import { isMoment, neighboursOf, placeOf, type Moment } from './moments.ts';
import { Slider } from './slider.tsx';
import styles from './time.module.css';
import { useMoments, type ShownMoments, type Zoom } from './use-moments.ts';
import { useTime } from './use-time.ts';

/** so many steps to either side are there before anybody takes them */
const REACH = 3;

export default function TimePage() {
  const project = useProjectId();
  const [at, go] = useTime();
  const { data, error, refetch, zoom } = useMoments(project, at);
  return (
    <>
      <PageHeader title={texts.title} description={texts.description} />
      {data ? (
        <Past project={project} shown={data} at={at} go={go} onZoom={zoom} />
      ) : error ? (
        <ErrorState title={texts.failed} error={error} retry={() => void refetch()} />
      ) : (
        <SkeletonRows rows={6} height="90px" />
      )}
    </>
  );
}

interface PastProps {
  readonly project: string;
  readonly shown: ShownMoments;
  /** undefined: now */
  readonly at: string | undefined;
  readonly go: (at: string | undefined) => void;
  readonly onZoom: (to: Zoom) => void;
}

function Past({ project, shown, at, go, onZoom }: PastProps) {
  const { moments } = shown;
  const place = placeOf(moments, at);
  const past = useQuery({ ...stateQuery(project, at), placeholderData: keepPreviousData });
  const now = useQuery(stateQuery(project, undefined));
  usePrefetched(project, moments, place, past.isSuccess);
  const isMissing = past.error instanceof ApiProblem && past.error.status === 404;
  return (
    <div className={styles['page']}>
      <Slider project={project} shown={shown} place={place} at={at} onGo={go} onZoom={onZoom} />
      {isMissing && <Notice tone="warn">{texts.before}</Notice>}
      {past.error && !isMissing && (
        <ErrorState title={texts.failed} error={past.error} retry={() => void past.refetch()} />
      )}
      {!past.error && past.data && now.data && (
        <div
          className={classes(styles['shown'], past.isPlaceholderData && styles['stale'])}
          aria-busy={past.isPlaceholderData}
        >
          <div className={styles['changes']}>
            <ChangedHere project={project} shown={shown} place={place} at={at} />
            <ChangedSince
              project={project}
              at={at}
              past={past.data}
              now={now.data}
              onFound={(moment) => {
                // where another one stands for it
                if (!moments.some((one) => isMoment(one, moment.at))) onZoom('closest');
                go(moment.at);
              }}
            />
          </div>
          <ComparedTable past={past.data} now={now.data} />
        </div>
      )}
    </div>
  );
}

/** The next steps are asked for behind, so that taking one shows it at once. */
function usePrefetched(project: string, moments: readonly Moment[], place: number, isShown: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!isShown) return;
    for (const at of neighboursOf(moments, place, REACH)) void client.prefetchQuery(stateQuery(project, at));
  }, [client, project, moments, place, isShown]);
}
