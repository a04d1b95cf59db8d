import type { UsageOverTime, UsageRange } from '../../api/usage.ts';
import { bytesText } from '../../components/amounts.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { usage as texts } from '../../texts/en/usage.ts';
import { numberText, timeText } from './usage-text.ts';

interface Row {
  readonly at: number;
  readonly time: string;
  readonly requests: number;
  readonly connections: number;
  readonly size: number | null;
}

/** The same figures, latest first, without the times in which there was nothing. */
export function UseTable({ data, range }: { readonly data: UsageOverTime; readonly range: UsageRange }) {
  const rows = data.requests
    .map((requests, at): Row => ({
      at,
      time: timeText(data, at, range),
      requests,
      connections: data.connections[at] ?? 0,
      size: data.database_size_bytes[at] ?? null,
    }))
    .filter(({ at, requests, connections, size }) => {
      const isLast = at === data.requests.length - 1;
      return isLast || requests > 0 || connections > 0 || size !== data.database_size_bytes[at - 1];
    });
  return (
    <DataTable label={texts.title} columns={COLUMNS} rows={rows.toReversed()} rowKey={({ time }) => time} />
  );
}

const COLUMNS: readonly Column<Row>[] = [
  { id: 'time', title: texts.time, cell: ({ time }) => time },
  { id: 'requests', title: texts.requests, align: 'end', cell: ({ requests }) => numberText(requests) },
  {
    id: 'connections',
    title: texts.connections,
    align: 'end',
    cell: ({ connections }) => numberText(connections),
  },
  {
    id: 'size',
    title: texts.size,
    align: 'end',
    cell: ({ size }) => (size === null ? texts.unknown : bytesText(size)),
  },
];
