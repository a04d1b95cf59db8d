import { useQuery } from '@tanstack/react-query';
import { operatorAuditQuery, partQuery, type OperatorEntry } from '../../api/operator.ts';
import { RelativeTime, withLocalTimes } from '../../components/amounts.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { PageHeader } from '../../components/page.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { operator as texts } from '../../texts/en/operator.ts';
import { Live } from './frame.tsx';
import styles from './operator.module.css';

/** What operators did, newest first. */
export default function OperatorAudit() {
  const { data, error, refetch } = useQuery(operatorAuditQuery);
  const { data: known } = useQuery(partQuery('/api/operator/tokens'));
  const nameOf = new Map(known?.tokens.map(({ id, name }) => [id, name]));
  return (
    <>
      <PageHeader title={texts.pages.audit} description={texts.auditHint} beside={<Live />} />
      {data ? (
        <DataTable
          label={texts.pages.audit}
          columns={columns(nameOf)}
          rows={data}
          rowKey={({ position }) => position}
          empty={<EmptyState icon="clock" title={texts.noAudit} />}
        />
      ) : error ? (
        <ErrorState title={texts.failed} error={error} retry={() => void refetch()} />
      ) : (
        <SkeletonRows />
      )}
    </>
  );
}

const columns = (nameOf: ReadonlyMap<string, string>): readonly Column<OperatorEntry>[] => [
  { id: 'when', title: texts.when, cell: ({ recorded_at: at }) => <RelativeTime at={at} /> },
  {
    id: 'what',
    title: texts.what,
    cell: ({ text, project_id: id, actor }) => (
      <div className={styles['wrap']}>
        {withLocalTimes(text)} {id !== null && <code className={styles['soft']}>{id}</code>}
        <div className={styles['soft']}>{texts.by(nameOf.get(actor.id) ?? actor.id)}</div>
      </div>
    ),
  },
  { id: 'from', title: texts.from, wideOnly: true, cell: ({ ip, reason }) => ip ?? reason },
];
