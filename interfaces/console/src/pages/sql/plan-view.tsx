import { durationText } from '../../components/amounts.tsx';
import { Badge } from '../../components/status.tsx';
import { plan as texts } from '../../texts/en/sql.ts';
import { misjudged, type Plan, type PlanNode } from './explain-tree.ts';
import styles from './plan-view.module.css';

const number = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 1 });
const time = (ms: number) => (ms < 10 ? `${ms.toFixed(2)} ms` : durationText(ms));

/** A plan as a tree: each step with what it costs by itself. */
export function PlanView({ plan: { root, planningMs, executionMs } }: { readonly plan: Plan }) {
  return (
    // it scrolls, so it has to be reached by keyboard
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles['plan']} tabIndex={0} role="region" aria-label={texts.label}>
      {(planningMs ?? executionMs) !== null && (
        <p className={styles['total']}>
          {planningMs !== null && `${texts.planning} ${time(planningMs)}`}
          {executionMs !== null && ` · ${texts.execution} ${time(executionMs)}`}
        </p>
      )}
      <ul className={styles['tree']}>
        <Node node={root} />
      </ul>
    </div>
  );
}

function Node({ node }: { readonly node: PlanNode }) {
  const wrong = misjudged(node);
  return (
    <li>
      <div className={styles['node']}>
        <div className={styles['line']}>
          <strong>{node.title}</strong>
          {node.on !== null && <code>{node.on}</code>}
          {wrong !== null && <Badge tone="warn">{texts.misjudged(wrong)}</Badge>}
        </div>
        <div className={styles['facts']}>
          {node.selfMs === null ? texts.cost(number(node.cost)) : texts.self(time(node.selfMs))}
          {' · '}
          {texts.rows(number(node.actualRows ?? node.plannedRows))}
          {node.actualRows !== null && ` (${texts.planned(number(node.plannedRows))})`}
          {node.loops !== null && node.loops > 1 && ` · ${texts.loops(number(node.loops))}`}
          {node.buffers && ` · ${texts.buffers(number(node.buffers.hit), number(node.buffers.read))}`}
        </div>
        {node.details.map(({ label, text }) => (
          <div key={label} className={styles['detail']}>
            {label}: <code>{text}</code>
          </div>
        ))}
        <div className={styles['bar']} aria-hidden="true">
          <div style={{ width: `${node.share * 100}%` }} data-hot={node.share >= 0.4 || undefined} />
        </div>
      </div>
      {node.children.length > 0 && (
        <ul>
          {node.children.map((child, at) => (
            // a plan never changes
            <Node key={at} node={child} />
          ))}
        </ul>
      )}
    </li>
  );
}
