import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { creationPlanQuery } from '../../api/command-plan.ts';
import { plan as texts } from '../../texts/en/plan.ts';
import { Notice } from '../notice.tsx';
import { SkeletonRows } from '../states.tsx';
import styles from './creation-plan.module.css';
import { PlanView } from './plan-view.tsx';

const TYPING_MS = 300;
/** stands in the plan where the name will */
const NO_NAME_YET = 'the-name-you-choose';

/** @param name undefined: there is none yet that a project could have. The steps are the same for each. */
export function CreationPlan({ name }: { readonly name: string | undefined }) {
  const settled = useSettled(name) ?? NO_NAME_YET;
  const { data: plan, error } = useQuery({
    ...creationPlanQuery(settled, settled),
    // what is shown stays until the next is there: nothing moves while somebody types
    placeholderData: (before) => before,
  });
  return (
    <section className={styles['plan']} aria-label={texts.whatHappens}>
      <h2>{texts.whatHappens}</h2>
      {plan ? (
        <PlanView plan={plan} />
      ) : error ? (
        <Notice tone="bad" title={texts.failed} error={error} />
      ) : (
        <SkeletonRows rows={6} height="30px" />
      )}
    </section>
  );
}

/** What it is when it has not changed for a moment. */
function useSettled(value: string | undefined): string | undefined {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), TYPING_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
