import { useQuery } from '@tanstack/react-query';
import type { Answer } from '../../api/api.ts';
import { partQuery } from '../../api/operator.ts';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { operator as texts } from '../../texts/en/operator.ts';
import styles from './operator.module.css';
import { Part } from './part.tsx';

type View = Answer<'/api/operator/views', 'get', 200>['views'][number];

export function Views() {
  const query = useQuery(partQuery('/api/operator/views'));
  return (
    <Part title={texts.views} description={texts.viewsHint} query={query} rows={4}>
      {({ views }) => (
        <DataTable label={texts.views} columns={COLUMNS} rows={views} rowKey={({ view }) => view} />
      )}
    </Part>
  );
}

const COLUMNS: readonly Column<View>[] = [
  { id: 'view', title: texts.view, cell: ({ view }) => <span className={styles['strong']}>{view}</span> },
  { id: 'position', title: texts.position, align: 'end', wideOnly: true, cell: ({ position }) => position },
  { id: 'lag', title: texts.lag, align: 'end', cell: ({ lag }) => lag.toLocaleString('en') },
  {
    id: 'parked',
    title: texts.parked,
    align: 'end',
    cell: ({ parked }) => (parked > 0 ? <span className={styles['bad']}>{parked}</span> : 0),
  },
];
