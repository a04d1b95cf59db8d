import { useMutation, useQuery } from '@tanstack/react-query';
import { api, type Answer } from '../../api/api.ts';
import { partQuery, refreshOperator, useMayWrite } from '../../api/operator.ts';
import { RelativeTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Notice } from '../../components/notice.tsx';
import { toast } from '../../components/toast.ts';
import { operator as texts } from '../../texts/en/operator.ts';
import styles from './operator.module.css';
import { Part } from './part.tsx';

type ParkedEvent = Answer<'/api/operator/parked', 'get', 200>['parked'][number];

export function Parked() {
  const query = useQuery(partQuery('/api/operator/parked'));
  const mayWrite = useMayWrite();
  const retrying = useMutation({
    mutationFn: () => api.POST('/api/operator/parked/retry', { body: {} }),
    onSuccess: () => {
      toast.done(texts.parkedRetried);
      return refreshOperator();
    },
  });
  const some = query.data !== undefined && query.data.parked.length > 0;
  return (
    <Part
      title={texts.parkedTitle}
      description={texts.parkedHint}
      query={query}
      rows={1}
      actions={
        some &&
        mayWrite && (
          <Button icon="refresh" busy={retrying.isPending} onClick={() => retrying.mutate()}>
            {texts.retryParked}
          </Button>
        )
      }
    >
      {({ parked }) => (
        <div className={styles['stack']}>
          {retrying.error && <Notice tone="bad" error={retrying.error} />}
          {parked.length === 0 ? (
            <p>{texts.noParked}</p>
          ) : (
            <DataTable
              label={texts.parkedTitle}
              columns={COLUMNS}
              rows={parked}
              rowKey={({ view, position }) => `${view} ${position}`}
            />
          )}
        </div>
      )}
    </Part>
  );
}

const COLUMNS: readonly Column<ParkedEvent>[] = [
  { id: 'view', title: texts.view, cell: ({ view }) => <span className={styles['strong']}>{view}</span> },
  {
    id: 'event',
    title: texts.event,
    cell: ({ type, stream, revision }) => (
      <span className={styles['wrap']}>
        {type}{' '}
        <code className={styles['soft']}>
          {stream} {revision}
        </code>
      </span>
    ),
  },
  {
    id: 'reason',
    title: texts.reason,
    cell: ({ reason }) => <span className={styles['wrap']}>{reason}</span>,
  },
  {
    id: 'since',
    title: texts.when,
    align: 'end',
    wideOnly: true,
    cell: ({ parked_at: at }) => <RelativeTime at={at} />,
  },
];
