import { Link } from 'wouter';
import { ExactTime } from '../../components/amounts.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { useSession } from '../../api/session.ts';
import { time as texts } from '../../texts/en/time.ts';
import { actorWords } from '../log/actor-words.ts';
import { topicOf } from '../log/event-types.ts';
import { localText, timeOfLocal } from '../log/local-time.ts';
import { dateMarks, isMoment, type Moment } from './moments.ts';
import styles from './time.module.css';

interface SliderProps {
  readonly project: string;
  readonly moments: readonly Moment[];
  readonly total: number;
  /** -1: before all of them; behind the last: now */
  readonly place: number;
  readonly at: string | undefined;
  /** undefined: now */
  readonly onGo: (at: string | undefined) => void;
}

const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const date = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' });
/** how near dates beneath the slider may come to each other, in percent */
const DATES_APART = 12;

/** Each step is a moment at which something changed: the arrows go there, Home and End to the first and to now. */
export function Slider({ project, moments, total, place, at, onGo }: SliderProps) {
  const moment = moments[place];
  const step = (to: number) => onGo(moments[Math.max(to, 0)]?.at);
  const isNow = place === moments.length;
  return (
    <section className={styles['card']} aria-label={texts.slider}>
      <div className={styles['where']}>
        <div className={styles['moment']}>
          <h2>{at === undefined ? texts.now : <ExactTime at={at} />}</h2>
          <MomentWords moment={moment} at={at} project={project} />
        </div>
        <div className={styles['steps']}>
          <IconButton
            icon="back"
            label={texts.earlier}
            look="plain"
            disabled={place <= 0}
            onClick={() => step(place - 1)}
          />
          <IconButton
            icon="back"
            className={styles['forward']}
            label={texts.later}
            look="plain"
            disabled={isNow}
            onClick={() => step(place + 1)}
          />
          <Button disabled={isNow} onClick={() => onGo(undefined)}>
            {texts.now}
          </Button>
        </div>
      </div>
      <div className={styles['track']}>
        <Marks moments={moments} place={place} />
        <input
          type="range"
          className={styles['range']}
          min={0}
          max={moments.length}
          step={1}
          value={Math.max(place, 0)}
          aria-label={texts.slider}
          aria-valuetext={valueText(moment)}
          onChange={(event) => step(Number(event.currentTarget.value))}
        />
        <Dates moments={moments} />
      </div>
      <div className={styles['below']}>
        <p className={styles['soft']}>
          {total > moments.length ? texts.thinned(moments.length, total) : texts.moments(total)}
        </p>
        <TextField
          label={texts.goTo}
          type="datetime-local"
          step={1}
          className={styles['goTo']}
          value={localText(at ?? '')}
          onValueChange={(text: string) => onGo(pastOf(timeOfLocal(text)))}
        />
      </div>
    </section>
  );
}

/** What is to come is as it is now. */
const pastOf = (time: string): string | undefined =>
  time === '' || new Date(time) > new Date() ? undefined : time;

const valueText = (moment: Moment | undefined): string =>
  moment ? `${exact.format(new Date(moment.at))}: ${moment.text}` : texts.nowText;

interface MomentWordsProps {
  readonly moment: Moment | undefined;
  readonly at: string | undefined;
  readonly project: string;
}

/** Room for two lines is kept, so that nothing below moves from step to step. */
function MomentWords({ moment, at, project }: MomentWordsProps) {
  const self = useSession().data?.owner_id;
  if (!moment) return <p className={styles['momentWords']}>{at === undefined ? texts.nowText : ''}</p>;
  const more = moment.stands_for - 1;
  return (
    <p className={styles['momentWords']}>
      {isMoment(moment, at) ? moment.text : texts.between(moment.text)}
      <span className={styles['soft']}>
        {' '}
        {texts.by(actorWords(moment.actor, self))}
        {more > 0 && `, ${texts.standsFor(more)}`}
        {' · '}
        <Link href={`/projects/${project}/log?entry=${moment.position}`}>{texts.entry}</Link>
      </span>
    </p>
  );
}

/** A line for each moment, in the colour of what it is about. */
function Marks({ moments, place }: Pick<SliderProps, 'moments' | 'place'>) {
  return (
    <div className={styles['marks']} aria-hidden="true">
      {moments.map((moment, index) => (
        <span
          key={moment.position}
          data-topic={topicOf(moment.type)}
          data-here={index === place || undefined}
          style={{ left: `${(100 * index) / Math.max(moments.length, 1)}%` }}
        />
      ))}
    </div>
  );
}

function Dates({ moments }: Pick<SliderProps, 'moments'>) {
  return (
    <div className={styles['dates']} aria-hidden="true">
      {dateMarks(moments, DATES_APART, (day) => date.format(day)).map(({ left, text }) => (
        <span key={left} style={{ left: `${left}%` }}>
          {text}
        </span>
      ))}
      <span className={styles['nowMark']}>{texts.now}</span>
    </div>
  );
}
