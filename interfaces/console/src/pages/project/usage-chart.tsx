/** One small chart of uPlot's, loaded when a project's overview has figures to draw. */
import { useCallback } from 'react';
import uPlot from 'uplot';
import type { UsageOverTime, UsageRange } from '../../api/usage.ts';
import { useChart, type Drawing } from '../../components/use-chart.ts';
import { axisText, stepBegins } from './usage-text.ts';
import styles from './use-over-time.module.css';

interface UsageChartProps {
  readonly data: UsageOverTime;
  readonly range: UsageRange;
  readonly kind: 'requests' | 'connections' | 'size';
  readonly figures: readonly (number | null)[];
  readonly text: (figure: number | null) => string;
  /** what it shows, in words */
  readonly label: string;
  /** the step that somebody points at; null: none */
  readonly onPoint: (at: number | null) => void;
}

export default function UsageChart(props: UsageChartProps) {
  const { data, range, kind, figures, text, label, onPoint } = props;
  const draw = useCallback(
    (colour: (name: string) => string): Drawing => ({
      options: optionsOf({ range, kind, text, onPoint }, colour),
      data: [figures.map((_, at) => stepBegins(data, at)), [...figures]],
    }),
    [data, range, kind, figures, text, onPoint],
  );
  return <div ref={useChart(draw)} className={styles['chart']} role="img" aria-label={label} />;
}

const COLOURS = { requests: '--accent', connections: '--busy', size: '--good' } as const;
/** an axis of nothing still has something to say */
const LEAST = { requests: 4, connections: 4, size: 1024 ** 2 } as const;
const WHOLE = [1, 2, 5].flatMap((first) => Array.from({ length: 12 }, (_, power) => first * 10 ** power));
const INCREMENTS = {
  requests: WHOLE.toSorted((a, b) => a - b),
  connections: WHOLE.toSorted((a, b) => a - b),
  // so that KiB, MiB and GiB are round
  size: Array.from({ length: 45 }, (_, power) => 2 ** power),
} as const;

function optionsOf(
  { range, kind, text, onPoint }: Pick<UsageChartProps, 'range' | 'kind' | 'text' | 'onPoint'>,
  colour: (name: string) => string,
): Drawing['options'] {
  const line = colour('--line');
  const stroke = colour(COLOURS[kind]);
  const axis = { stroke: colour('--text-soft'), ticks: { show: false }, font: '11px system-ui' };
  return {
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'usage' }, points: { size: 6 } },
    scales: { y: { range: (_chart, _min, max) => [0, Math.max((max ?? 0) * 1.15, LEAST[kind])] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 64,
        size: 24,
        values: (_chart: uPlot, times: number[]) => times.map((time) => axisText(time, range)),
      },
      {
        ...axis,
        grid: { stroke: line, width: 1 },
        space: 32,
        size: kind === 'size' ? 62 : 44,
        incrs: INCREMENTS[kind],
        values: (_chart: uPlot, figures: number[]) =>
          figures.map((figure) => (kind === 'size' ? text(figure) : short.format(figure))),
      },
    ],
    series: [
      {},
      {
        stroke,
        width: kind === 'requests' ? 0 : 2,
        points: { show: false },
        ...pathsOf(kind),
        ...(kind === 'requests' && { fill: stroke }),
      },
    ],
    hooks: { setCursor: [({ cursor: { idx } }) => onPoint(idx ?? null)] },
  };
}

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** Bars of what adds up, steps of what stays until it is another. */
function pathsOf(kind: UsageChartProps['kind']): Pick<uPlot.Series, 'paths'> {
  const paths =
    kind === 'requests' ? uPlot.paths.bars?.({ size: [0.8, 40] }) : uPlot.paths.stepped?.({ align: 1 });
  return paths ? { paths } : {};
}
