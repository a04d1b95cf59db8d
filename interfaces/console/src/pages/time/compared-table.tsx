import type { ProjectState } from '../../api/past.ts';
import { Badge } from '../../components/status.tsx';
import { time as texts } from '../../texts/en/time.ts';
import { compared, type ComparedFact } from './facts.ts';
import styles from './time.module.css';

interface ComparedTableProps {
  readonly past: ProjectState;
  readonly now: ProjectState;
}

/** Every setting, as it was and as it is. Its rows stay where they are from moment to moment. */
export function ComparedTable({ past, now }: ComparedTableProps) {
  const facts = compared(past, now);
  const groups = [...new Set(facts.map(({ group }) => group))];
  return (
    // it scrolls sideways, so it has to be reached by keyboard
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles['tableFrame']} tabIndex={0} role="region" aria-label={texts.everything}>
      <table className={styles['table']}>
        <caption>{texts.everything}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.setting}</th>
            <th scope="col">{texts.past}</th>
            <th scope="col">{texts.now}</th>
          </tr>
        </thead>
        {groups.map((group) => (
          <tbody key={group}>
            <tr>
              <th scope="colgroup" colSpan={3} className={styles['groupRow']}>
                {group}
              </th>
            </tr>
            {facts
              .filter((fact) => fact.group === group)
              .map((fact) => (
                <FactRow key={fact.path} fact={fact} />
              ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function FactRow({ fact: { path, label, was, is, differs } }: { readonly fact: ComparedFact }) {
  return (
    <tr data-path={path} data-differs={differs || undefined}>
      <th scope="row">
        {label} {differs && <Badge tone="warn">{texts.differs}</Badge>}
      </th>
      <td>{was ?? <span className={styles['soft']}>{texts.notThere}</span>}</td>
      <td>{is ?? <span className={styles['soft']}>{texts.notThere}</span>}</td>
    </tr>
  );
}
