import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { stateQuery, type ProjectState } from '../../api/past.ts';
import { useSession } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { toast } from '../../components/toast.ts';
import { time as texts } from '../../texts/en/time.ts';
import { actorWords } from '../log/actor-words.ts';
import { differencesOf, differenceText, type Difference } from './facts.ts';
import { isMoment, type Moment } from './moments.ts';
import { changeAfter, type ShownMoments } from './use-moments.ts';
import styles from './time.module.css';

interface Placed {
  readonly project: string;
  /** undefined: now */
  readonly at: string | undefined;
}

function Box({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className={styles['box']}>
      <h3>{title}</h3>
      {/* it scrolls, so that what is below stays where it is; so it has to be reached by keyboard */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={styles['boxBody']} tabIndex={0} role="region" aria-label={title}>
        {children}
      </div>
    </div>
  );
}

interface ChangedHereProps extends Placed {
  readonly shown: ShownMoments;
  readonly place: number;
}

/** What the moment itself has changed, and who did it. */
export function ChangedHere({
  project,
  shown: { moments, earlier: beforeAll },
  place,
  at,
}: ChangedHereProps) {
  const self = useSession().data?.owner_id;
  // behind the last one stands now, to which the last one has led
  const here = Math.min(place, moments.length - 1);
  const moment = moments[here];
  const before = moments[here - 1]?.at ?? beforeAll;
  const then = useQuery({ ...stateQuery(project, moment?.at), enabled: moment !== undefined });
  const earlier = useQuery({ ...stateQuery(project, before), enabled: before !== undefined });
  const differences = then.data && earlier.data && before ? differencesOf(earlier.data, then.data) : [];
  return (
    <Box title={isMoment(moment, at) ? texts.changedHere : texts.lastChange}>
      {moment && !before && <p>{texts.began}</p>}
      {before && earlier.data && then.data && differences.length === 0 && (
        <p className={styles['soft']}>{texts.changedHereNothing}</p>
      )}
      <ul className={styles['differences']}>
        {differences.map((one) => (
          <li key={one.path}>
            <span className={styles['group']}>{one.group}</span> {differenceText(one)}
          </li>
        ))}
      </ul>
      {moment && differences.length > 0 && (
        <p className={styles['soft']}>{texts.by(actorWords(moment.actor, self))}</p>
      )}
    </Box>
  );
}

interface ChangedSinceProps extends Placed {
  readonly past: ProjectState;
  readonly now: ProjectState;
  readonly onFound: (moment: Moment) => void;
}

/** What is different now, with the way to the moment at which each came to be so. */
export function ChangedSince({ past, now, onFound, ...placed }: ChangedSinceProps) {
  const [sought, setSought] = useState<string>();
  const find = useFinding(placed);
  const isNow = placed.at === undefined;
  const differences = isNow ? [] : differencesOf(past, now);
  const look = async (difference: Difference) => {
    setSought(difference.path);
    try {
      const moment = await find(past, difference.path);
      if (moment) onFound(moment);
    } catch (error) {
      toast.failed(texts.findWhen, error);
    } finally {
      setSought(undefined);
    }
  };
  return (
    <Box title={texts.sinceThen}>
      {differences.length === 0 && (
        <p className={styles['soft']}>{isNow ? texts.isNow : texts.sinceThenNothing}</p>
      )}
      <ul className={styles['differences']}>
        {differences.map((one) => (
          <li key={one.path} className={styles['difference']}>
            <span>
              <span className={styles['group']}>{one.group}</span> {differenceText(one)}
            </span>
            <Button
              small
              busy={sought === one.path}
              disabled={sought !== undefined}
              onClick={() => void look(one)}
            >
              {texts.findWhen}
            </Button>
          </li>
        ))}
      </ul>
    </Box>
  );
}

/** @returns finds the moment at which a fact ceased to be what it was then */
function useFinding({ project, at: from }: Placed) {
  const client = useQueryClient();
  return async (past: ProjectState, path: string): Promise<Moment | undefined> => {
    const isAsItWas = async (at: string | undefined) => {
      const state = await client.fetchQuery(stateQuery(project, at));
      return !differencesOf(past, state).some((one) => one.path === path);
    };
    return from === undefined ? undefined : changeAfter(client, project, from, isAsItWas);
  };
}
