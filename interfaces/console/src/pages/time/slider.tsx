import type { KeyboardEvent } from 'react';
import { Link } from 'wouter';
import { ExactTime, withLocalTimes } from '../../components/amounts.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { useSession } from '../../api/session.ts';
import { time as texts } from '../../texts/en/time.ts';
import { actorWords } from '../log/actor-words.ts';
import { topicOf } from '../log/event-types.ts';
import { localText, timeOfLocal } from '../log/local-time.ts';
import { dateMarks, isMoment, type Moment } from './moments.ts';
import type { ShownMoments, Zoom } from './use-moments.ts';
import styles from './time.module.css';

interface SliderProps {
  readonly project: string;
  readonly shown: ShownMoments;
  /** -1: before all of them; behind the last: now, or what comes after this list */
  readonly place: number;
  readonly at: string | undefined;
  /** undefined: now */
  readonly onGo: (at: string | undefined) => void;
  readonly onZoom: (to: Zoom) => void;
}

const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const date = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' });
/** how near dates beneath the slider may come to each other, in percent */
const DATES_APART = 12;

/**
 * Each step is a moment at which something changed: the arrows go there, Home and End to the first and to the last of the list. Over
 * the ends of a list they go on in the next one; + looks closer, - shows all.
 */
export function Slider({ project, shown, place, at, onGo, onZoom }: SliderProps) {
  const { moments, earlier, later } = shown;
  const moment = moments[place];
  const isNow = at === undefined;
  // now stands behind the last moment of all, and of another list nothing
  const last = later === undefined ? moments.length : moments.length - 1;
  const step = (to: number) => {
    if (to < 0) onGo(earlier ?? moments[0]?.at);
    else onGo(to > last ? later : moments[to]?.at);
  };
  const onKey = (event: KeyboardEvent) => {
    const by = STEPS[event.key];
    const zoomTo = ZOOMS[event.key];
    if (zoomTo !== undefined) zoom(shown, zoomTo, onZoom);
    else if (by !== undefined && (place + by < 0 || place + by > last)) step(place + by);
    else return;
    event.preventDefault();
  };
  return (
    <section className={styles['card']} aria-label={texts.slider}>
      <div className={styles['where']}>
        <div className={styles['moment']}>
          <h2>{at === undefined ? texts.now : <ExactTime at={at} />}</h2>
          <MomentWords moment={moment} at={at} project={project} />
        </div>
        <Steps
          hasEarlier={place > 0 || earlier !== undefined}
          isNow={isNow}
          onStep={(by) => step(place + by)}
          onNow={() => onGo(undefined)}
        />
      </div>
      <div className={styles['track']}>
        <Marks moments={moments} place={place} steps={last} />
        <input
          type="range"
          className={styles['range']}
          min={0}
          max={last}
          step={1}
          value={Math.min(Math.max(place, 0), last)}
          onKeyDown={onKey}
          aria-label={texts.slider}
          aria-valuetext={valueText(moment)}
          onChange={(event) => step(Number(event.currentTarget.value))}
        />
        <Dates moments={moments} hasNow={later === undefined} />
      </div>
      <div className={styles['below']}>
        <ZoomButtons shown={shown} onZoom={onZoom} />
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
  moment ? `${exact.format(new Date(moment.at))}: ${withLocalTimes(moment.text)}` : texts.nowText;

interface MomentWordsProps {
  readonly moment: Moment | undefined;
  readonly at: string | undefined;
  readonly project: string;
}

/** Room for two lines is kept, so that nothing below moves from step to step. */
function MomentWords({ moment, at, project }: MomentWordsProps) {
  const self = useSession().data?.owner_id;
  if (!moment) return <p className={styles['momentWords']}>{at === undefined ? texts.nowText : ''}</p>;
  const words = withLocalTimes(moment.text);
  const more = moment.stands_for - 1;
  return (
    <p className={styles['momentWords']}>
      {isMoment(moment, at) ? words : texts.between(words)}
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

interface StepsProps {
  readonly hasEarlier: boolean;
  readonly isNow: boolean;
  readonly onStep: (by: 1 | -1) => void;
  readonly onNow: () => void;
}

function Steps({ hasEarlier, isNow, onStep, onNow }: StepsProps) {
  return (
    <div className={styles['steps']}>
      <IconButton
        icon="back"
        label={texts.earlier}
        look="plain"
        disabled={!hasEarlier}
        onClick={() => onStep(-1)}
      />
      <IconButton
        icon="back"
        className={styles['forward']}
        label={texts.later}
        look="plain"
        disabled={isNow}
        onClick={() => onStep(1)}
      />
      <Button disabled={isNow} onClick={onNow}>
        {texts.now}
      </Button>
    </div>
  );
}

const STEPS: Readonly<Record<string, 1 | -1>> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
const ZOOMS: Readonly<Record<string, Zoom>> = { '+': 'closer', '=': 'closer', '-': 'all' };

function zoom({ isThinned, isZoomed }: ShownMoments, to: Zoom, onZoom: SliderProps['onZoom']): void {
  if (to === 'closer' ? isThinned : isZoomed) onZoom(to);
}

function ZoomButtons({ shown, onZoom }: Pick<SliderProps, 'shown' | 'onZoom'>) {
  const { moments, total, all, before, isThinned, isZoomed } = shown;
  const words = isZoomed ? texts.part(before + 1, before + total, all) : texts.moments(total);
  return (
    <div className={styles['zoom']}>
      <p className={styles['soft']} role="status">
        {words}
        {isThinned && `; ${texts.thinned(moments.length)}`}
      </p>
      {(isThinned || isZoomed) && (
        <>
          <Button small icon="plus" disabled={!isThinned} onClick={() => onZoom('closer')}>
            {texts.closer}
          </Button>
          <Button small disabled={!isZoomed} onClick={() => onZoom('all')}>
            {texts.wider}
          </Button>
        </>
      )}
    </div>
  );
}

/** A line for each moment, in the colour of what it is about. */
function Marks({
  moments,
  place,
  steps,
}: {
  readonly moments: readonly Moment[];
  readonly place: number;
  readonly steps: number;
}) {
  return (
    <div className={styles['marks']} aria-hidden="true">
      {moments.map((moment, index) => (
        <span
          key={moment.position}
          data-topic={topicOf(moment.type)}
          data-here={index === place || undefined}
          style={{ left: `${(100 * index) / Math.max(steps, 1)}%` }}
        />
      ))}
    </div>
  );
}

function Dates({ moments, hasNow }: { readonly moments: readonly Moment[]; readonly hasNow: boolean }) {
  return (
    <div className={styles['dates']} aria-hidden="true">
      {dateMarks(moments, DATES_APART, (day) => date.format(day)).map(({ left, text }) => (
        <span key={left} style={{ left: `${left}%` }}>
          {text}
        </span>
      ))}
      {hasNow && <span className={styles['nowMark']}>{texts.now}</span>}
    </div>
  );
}
