import { useQuery } from '@tanstack/react-query';
import type { Answer } from '../../api/api.ts';
import { partQuery } from '../../api/operator.ts';
import { RelativeTime } from '../../components/amounts.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Badge } from '../../components/status.tsx';
import { operator as texts } from '../../texts/en/operator.ts';
import styles from './operator.module.css';
import { Part } from './part.tsx';

type Found = Answer<'/api/operator/drift', 'get', 200>['drift'][number];

export function Drift() {
  const query = useQuery(partQuery('/api/operator/drift'));
  return (
    <Part title={texts.drift} description={texts.driftHint} query={query}>
      {({ drift }) =>
        drift.length === 0 ? (
          <p>{texts.noDrift}</p>
        ) : (
          <DataTable
            label={texts.drift}
            columns={COLUMNS}
            rows={drift}
            rowKey={({ project_id: id, what, found_at: at }) => `${id} ${what} ${at}`}
          />
        )
      }
    </Part>
  );
}

const COLUMNS: readonly Column<Found>[] = [
  { id: 'what', title: texts.what, cell: ({ what }) => <span className={styles['strong']}>{what}</span> },
  {
    id: 'project',
    title: texts.project,
    wideOnly: true,
    cell: ({ project_id: id }) => (id === null ? texts.ofPooler : <code>{id}</code>),
  },
  {
    id: 'difference',
    title: texts.difference,
    cell: ({ expected, actual }) => (
      <span className={styles['wrap']}>{texts.shouldBe(expected, actual)}</span>
    ),
  },
  {
    id: 'found',
    title: texts.found,
    align: 'end',
    wideOnly: true,
    cell: ({ found_at: at }) => <RelativeTime at={at} />,
  },
  {
    id: 'repaired',
    title: texts.repaired,
    align: 'end',
    cell: ({ repaired_at: at }) =>
      at === null ? <Badge tone="bad">{texts.notRepaired}</Badge> : <RelativeTime at={at} />,
  },
];
