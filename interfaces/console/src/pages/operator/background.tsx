import { useQuery } from '@tanstack/react-query';
import type { Answer } from '../../api/api.ts';
import { partQuery } from '../../api/operator.ts';
import { durationText, RelativeTime } from '../../components/amounts.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Badge } from '../../components/status.tsx';
import { operator as texts } from '../../texts/en/operator.ts';
import styles from './operator.module.css';
import { Part } from './part.tsx';

type Task = Answer<'/api/operator/background', 'get', 200>['tasks'][number];

export function Background() {
  const query = useQuery(partQuery('/api/operator/background'));
  return (
    <Part title={texts.background} description={texts.backgroundHint} query={query} rows={6}>
      {({ tasks }) => (
        <DataTable
          label={texts.background}
          columns={COLUMNS}
          rows={tasks}
          rowKey={({ process, task }) => `${process} ${task}`}
          empty={<p>{texts.noTasks}</p>}
        />
      )}
    </Part>
  );
}

const COLUMNS: readonly Column<Task>[] = [
  { id: 'task', title: texts.task, cell: ({ task }) => <span className={styles['strong']}>{task}</span> },
  { id: 'process', title: texts.process, wideOnly: true, cell: ({ process }) => process },
  { id: 'result', title: texts.result, cell: result },
  {
    id: 'last',
    title: texts.lastRun,
    align: 'end',
    wideOnly: true,
    cell: ({ last }) => (last ? <RelativeTime at={last.ended_at} /> : texts.notYet),
  },
  {
    id: 'took',
    title: texts.took,
    align: 'end',
    cell: ({ last }) => <span className={styles['whole']}>{last ? durationText(last.took_ms) : '–'}</span>,
  },
  {
    id: 'next',
    title: texts.next,
    align: 'end',
    wideOnly: true,
    cell: ({ last }) => (last ? <RelativeTime at={last.next_at} /> : '–'),
  },
];

function result({ last, failures, runs }: Task) {
  if (!last) return <span className={`${styles['soft']} ${styles['whole']}`}>{texts.notYet}</span>;
  return (
    <span className={styles['badges']}>
      {last.failure === null ? (
        <Badge tone="good">{texts.fine}</Badge>
      ) : (
        <Badge tone="bad">{last.failure}</Badge>
      )}
      {failures > 0 && <span className={styles['soft']}>{texts.runsFailed(failures, runs)}</span>}
    </span>
  );
}
