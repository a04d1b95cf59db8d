import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState, type KeyboardEvent } from 'react';
import type { SqlResult } from '../../api/sql.ts';
import { durationText } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { CellValue } from '../../components/cell-value.tsx';
import type { Place } from '../../components/grid-keys.ts';
import type { GridColumn } from '../../components/grid-props.ts';
import { Grid } from '../../components/grid.tsx';
import { loaded } from '../../components/loaded.tsx';
import { Notice } from '../../components/notice.tsx';
import { SkeletonRows } from '../../components/states.tsx';
import { typeNamesQuery } from '../../data/ask.ts';
import { cellKind } from '../../data/cell-types.ts';
import { SHOWN } from '../../data/read-rows.ts';
import { sqlPage as texts } from '../../texts/en/sql.ts';
import { WholeValue } from '../tables/whole-value.tsx';
import { chartData } from './chart-data.ts';
import { csvOf, textRows, typeName, unknownTypes } from './result-values.ts';
import styles from './sql-page.module.css';

const ResultChart = loaded(() => import('./result-chart.tsx'), <SkeletonRows rows={5} />);

const NO_NAMES = {};

/** The rows of one statement, as a table or as a chart. */
export function ResultView({ project, result }: { readonly project: string; readonly result: SqlResult }) {
  const { fields } = result;
  const [view, setView] = useState<View>('table');
  const unknown = useMemo(() => unknownTypes(fields), [fields]);
  const { data: names = NO_NAMES } = useQuery({
    ...typeNamesQuery(project, unknown),
    enabled: unknown.length > 0,
    staleTime: Infinity,
  });
  const rows = useMemo(() => textRows(result.rows), [result]);
  const columns = useMemo(
    () => fields.map((field) => ({ name: field.name, type: typeName(field, names) })),
    [fields, names],
  );
  const chart = useMemo(() => (view === 'chart' ? chartData(columns, rows) : null), [view, columns, rows]);
  const hasRows = fields.length > 0;
  return (
    <div className={styles['outcome']}>
      <Facts
        {...{ result, view }}
        shown={rows.length}
        onView={setView}
        onDownload={() => download(columns, rows)}
      />
      {result.notices.length > 0 && <Notices notices={result.notices} />}
      {!hasRows ? null : rows.length === 0 ? (
        <p className={styles['note']}>{texts.noRows}</p>
      ) : view === 'table' ? (
        <ResultGrid columns={columns} rows={rows} />
      ) : chart ? (
        <ResultChart data={chart} />
      ) : (
        <p className={styles['note']}>{texts.noChart}</p>
      )}
    </div>
  );
}

type View = 'table' | 'chart';

interface FactsProps {
  readonly result: SqlResult;
  /** rows */
  readonly shown: number;
  readonly view: View;
  readonly onView: (view: View) => void;
  readonly onDownload: () => void;
}

/** How many rows in which time, and how they are shown. */
function Facts({ result, shown, view, onView, onDownload }: FactsProps) {
  const { fields, truncated, duration_ms: ms, command, row_count: count } = result;
  const hasRows = fields.length > 0;
  return (
    <div className={styles['facts']}>
      <span>
        {hasRows ? texts.rows(shown) : texts.done(command ?? texts.noColumns, count)} · {durationText(ms)}
        {truncated && <strong> · {texts.truncated(shown)}</strong>}
      </span>
      {shown > 0 && (
        <span className={styles['choice']}>
          <Button
            small
            look="quiet"
            aria-pressed={view === 'table'}
            icon="table"
            onClick={() => onView('table')}
          >
            {texts.table}
          </Button>
          <Button
            small
            look="quiet"
            aria-pressed={view === 'chart'}
            icon="chart"
            onClick={() => onView('chart')}
          >
            {texts.chart}
          </Button>
          <Button small look="quiet" icon="download" onClick={() => onDownload()}>
            {texts.download}
          </Button>
        </span>
      )}
    </div>
  );
}

function Notices({ notices }: { readonly notices: readonly string[] }) {
  return (
    <div className={styles['notices']}>
      <Notice title={texts.notices}>
        {notices.map((notice, at) => (
          // several may say the same
          <p key={at}>{notice}</p>
        ))}
      </Notice>
    </div>
  );
}

interface ShownProps {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

function ResultGrid({ columns, rows }: ShownProps) {
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });
  const [whole, setWhole] = useState<Place | null>(null);
  const shown = useMemo(() => columns.map((column, at) => gridColumn(column, at, rows)), [columns, rows]);
  const cell = useCallback(
    (row: number, column: number) => {
      const value = rows[row]?.[column] ?? null;
      const long = value !== null && value.length > SHOWN;
      return (
        <CellValue
          value={long ? value.slice(0, SHOWN) : value}
          kind={cellKind(columns[column]?.type ?? '')}
          clipped={long}
        />
      );
    },
    [rows, columns],
  );
  const onKey = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== 'c') return false;
    void navigator.clipboard.writeText(rows[active.row]?.[active.column] ?? '');
    return true;
  };
  const value = whole && rows[whole.row]?.[whole.column];
  return (
    <>
      <Grid
        label={texts.grid}
        columns={shown}
        rows={rows.length}
        cell={cell}
        active={active}
        onActive={setActive}
        onOpen={setWhole}
        onKey={onKey}
      />
      {whole && (
        <WholeValue
          name={columns[whole.column]?.name ?? ''}
          value={value ?? 'NULL'}
          onClose={() => setWhole(null)}
        />
      )}
    </>
  );
}

/** As wide as what is in its first rows, within reason. */
function gridColumn(
  { name, type }: ShownProps['columns'][number],
  at: number,
  rows: ShownProps['rows'],
): GridColumn {
  const longest = Math.max(
    name.length,
    type.length,
    ...rows.slice(0, 50).map((row) => (row[at] ?? 'NULL').length),
  );
  return {
    name,
    note: type,
    width: Math.min(360, Math.max(90, 24 + longest * 7.6)),
    ...(cellKind(type) === 'number' && { align: 'end' as const }),
  };
}

function download(columns: ShownProps['columns'], rows: ShownProps['rows']): void {
  const csv = csvOf(
    columns.map(({ name }) => name),
    rows,
  );
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  link.download = 'result.csv';
  link.click();
  URL.revokeObjectURL(link.href);
}
