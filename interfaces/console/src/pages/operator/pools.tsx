import { useQuery } from '@tanstack/react-query';
import type { Answer } from '../../api/api.ts';
import { partQuery } from '../../api/operator.ts';
import { durationText } from '../../components/amounts.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Notice } from '../../components/notice.tsx';
import { operator as texts } from '../../texts/en/operator.ts';
import styles from './operator.module.css';
import { Part } from './part.tsx';

type Pool = Answer<'/api/operator/pools', 'get', 200>['pools'][number];

export function Pools() {
  const query = useQuery(partQuery('/api/operator/pools'));
  return (
    <Part title={texts.pools} description={texts.poolsHint} query={query}>
      {({ enabled, missing, pools }) =>
        enabled ? (
          <div className={styles['stack']}>
            {missing.length > 0 && (
              <Notice tone="bad" title={texts.poolsMissing(missing.length)}>
                <code>{missing.join(' ')}</code>
              </Notice>
            )}
            <DataTable
              label={texts.pools}
              columns={COLUMNS}
              rows={pools}
              rowKey={({ project_id: id }) => id}
              empty={<p>{texts.noPools}</p>}
            />
          </div>
        ) : (
          <p>{texts.noPooler}</p>
        )
      }
    </Part>
  );
}

const COLUMNS: readonly Column<Pool>[] = [
  { id: 'project', title: texts.project, cell: ({ project_id: id }) => <code>{id}</code> },
  { id: 'clients', title: texts.clients, align: 'end', cell: ({ clients }) => clients.active },
  {
    id: 'waiting',
    title: texts.waitingClients,
    align: 'end',
    cell: ({ clients }) =>
      clients.waiting > 0 ? <span className={styles['bad']}>{clients.waiting}</span> : 0,
  },
  {
    id: 'sessions',
    title: texts.sessions,
    align: 'end',
    cell: ({ servers }) => `${servers.active} / ${servers.active + servers.idle}`,
  },
  {
    id: 'wait',
    title: texts.longestWait,
    align: 'end',
    wideOnly: true,
    cell: ({ max_wait_ms: ms }) => durationText(ms),
  },
  {
    id: 'transactions',
    title: texts.transactions,
    align: 'end',
    wideOnly: true,
    cell: ({ transactions }) => transactions.toLocaleString('en'),
  },
];
