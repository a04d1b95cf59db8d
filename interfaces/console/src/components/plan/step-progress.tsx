import { useEffect, useState } from 'react';
import { steps as texts } from '../../texts/en/plan.ts';
import { durationText } from '../amounts.tsx';
import { classes } from '../classes.ts';
import { Icon, type IconName } from '../icon.tsx';
import { Notice } from '../notice.tsx';
import { Section } from '../page.tsx';
import type { Run, Step } from './fold-steps.ts';
import styles from './step-progress.module.css';
import { useRun } from './use-run.ts';

/** The latest process of a project, as it happens: while it is under way, when it failed, and until the page is left. */
export function StepProgress({ project }: { readonly project: string }) {
  const { run, live } = useRun(project);
  const [seen, setSeen] = useState<number>();
  const isOpen = run !== undefined && run.endedAt === null;
  if (isOpen && seen !== run.began) setSeen(run.began);
  const now = useNow(isOpen);
  if (!run || !(isOpen || run.state === 'failed' || seen === run.began)) return null;
  return (
    <Section title={texts.titles[run.process] ?? run.process} actions={<Outcome run={run} />}>
      {!live && isOpen && <Notice tone="warn">{texts.reconnecting}</Notice>}
      <ol className={styles['steps']} data-process={run.process} data-state={run.state}>
        {run.steps.map((step) => (
          <Row key={step.step} step={step} now={now} />
        ))}
      </ol>
    </Section>
  );
}

function Outcome({ run }: { readonly run: Run }) {
  const words = outcomeOf(run);
  return (
    <p role="status" className={classes(styles['outcome'], styles[run.state])}>
      {words}
    </p>
  );
}

function outcomeOf({ state, process, steps, startedAt, endedAt }: Run): string {
  if (state === 'done') return texts.over.done(durationText(between(startedAt, endedAt ?? startedAt)));
  if (state === 'running')
    return texts.over.running(steps.filter((step) => step.state === 'done').length, steps.length);
  return state === 'failed' && process === 'upgrade' ? texts.over.upgradeFailed : texts.over[state];
}

const ICONS: Readonly<Partial<Record<Step['state'], IconName>>> = {
  done: 'check',
  failed: 'close',
  retrying: 'refresh',
  undoing: 'undo',
  undone: 'undo',
};

function Row({ step, now }: { readonly step: Step; readonly now: number }) {
  const icon = ICONS[step.state];
  return (
    <li className={classes(styles['step'], styles[step.state])} data-step={step.step} data-state={step.state}>
      <span className={styles['sign']}>
        {icon ? <Icon name={icon} size={13} /> : <i aria-hidden="true" />}
      </span>
      <span className={styles['words']}>
        {step.text}
        <span className="aside">, {texts.states[step.state]}</span>
        {step.error !== null && step.state !== 'done' && <Trouble step={step} now={now} />}
      </span>
      <span className={styles['time']}>{timeOf(step, now)}</span>
    </li>
  );
}

function Trouble({ step, now }: { readonly step: Step; readonly now: number }) {
  const { attempts, error, retryAt } = step;
  const next = retryAt === null ? null : Math.ceil((Date.parse(retryAt) - now) / 1000);
  return (
    <span className={styles['trouble']}>
      {error}{' '}
      <span className={styles['tries']}>
        ({texts.tries(attempts)}
        {next !== null && `, ${texts.nextTry(next)}`})
      </span>
    </span>
  );
}

function timeOf({ state, startedAt, endedAt }: Step, now: number): string {
  if (startedAt === null || state === 'pending') return '';
  return durationText(
    endedAt === null ? Math.max(0, now - Date.parse(startedAt)) : between(startedAt, endedAt),
  );
}

const between = (from: string, to: string): number => Math.max(0, Date.parse(to) - Date.parse(from));

const TICK_MS = 250;

/** Stands still when nothing is under way. */
function useNow(runs: boolean): number {
  const [now, setNow] = useState(() => new Date().getTime());
  useEffect(() => {
    if (!runs) return;
    const clock = setInterval(() => setNow(new Date().getTime()), TICK_MS);
    return () => clearInterval(clock);
  }, [runs]);
  return now;
}
