import type { CommandPlan } from '../../api/command-plan.ts';
import { plan as texts } from '../../texts/en/plan.ts';
import { durationText, Meter } from '../amounts.tsx';
import { Notice } from '../notice.tsx';
import styles from './plan-view.module.css';

/** those that take something away */
const GOES = ['delete', 'purge'];

/** What a command would do: its steps with their usual times, what it takes and gives back, and what stays done. */
export function PlanView({ plan }: { readonly plan: CommandPlan }) {
  if (plan.problem)
    return (
      <Notice tone="warn" title={texts.refused}>
        {plan.problem.detail}
      </Notice>
    );
  if (plan.process === null && plan.takes.length === 0) return <Notice>{texts.nothing}</Notice>;
  return (
    <div className={styles['plan']}>
      {plan.cannot_be_undone.length > 0 && (
        <Notice tone={GOES.includes(plan.process ?? '') ? 'warn' : 'calm'} title={texts.final}>
          <Sentences of={plan.cannot_be_undone} />
        </Notice>
      )}
      {plan.steps.length > 0 && <Steps plan={plan} />}
      <dl className={styles['facts']}>
        <Fact name={texts.effects}>
          <Sentences of={plan.effects} />
        </Fact>
        {plan.takes.length > 0 && <Fact name={texts.takes}>{plan.takes.join(', ')}</Fact>}
        {plan.frees.length > 0 && <Fact name={texts.frees}>{plan.frees.join(', ')}</Fact>}
        {plan.connections && plan.connections.change !== 0 && (
          <Fact name={texts.connections}>
            <Connections of={plan.connections} />
          </Fact>
        )}
      </dl>
    </div>
  );
}

const Fact = ({ name, children }: { readonly name: string; readonly children: React.ReactNode }) => (
  <div className={styles['fact']}>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const Sentences = ({ of }: { readonly of: readonly string[] }) => of.map((text) => <p key={text}>{text}</p>);

function Connections({ of }: { readonly of: NonNullable<CommandPlan['connections']> }) {
  const { change, used, limit } = of;
  return (
    <div className={styles['connections']}>
      {texts.connectionChange(change, used, limit)}
      <Meter value={used + change} most={limit} label={texts.connectionsUsed} />
    </div>
  );
}

type PlannedStep = CommandPlan['steps'][number];

/** One after the other, as they are done: each bar begins where the one before it ends. */
function Steps({ plan }: { readonly plan: CommandPlan }) {
  const all = together(plan.steps);
  return (
    <div>
      <ol className={styles['steps']} aria-label={texts.steps}>
        {plan.steps.map(({ step, text, usual_ms: ms }, at) => (
          <li key={step} className={styles['step']} data-step={step}>
            <span>{text}</span>
            {all > 0 && (
              <>
                <span className={styles['track']} aria-hidden="true">
                  {ms !== null && <Bar from={together(plan.steps.slice(0, at)) / all} part={ms / all} />}
                </span>
                <span className={styles['time']}>{ms === null ? texts.unknownTime : durationText(ms)}</span>
              </>
            )}
          </li>
        ))}
      </ol>
      <p className={styles['soft']}>
        {plan.usual_ms === null
          ? texts.neverYet
          : texts.usuallyInAll(durationText(plan.usual_ms), plan.samples)}
      </p>
    </div>
  );
}

const together = (steps: readonly PlannedStep[]): number =>
  steps.reduce((sum, { usual_ms: ms }) => sum + (ms ?? 0), 0);

const LEAST_WIDTH = 0.015;

function Bar({ from, part }: { readonly from: number; readonly part: number }) {
  const width = Math.max(part, LEAST_WIDTH);
  const left = Math.min(from, 1 - width);
  return <span className={styles['bar']} style={{ left: `${left * 100}%`, width: `${width * 100}%` }} />;
}
