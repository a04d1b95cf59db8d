/** A result drawn by uPlot, loaded when somebody wants a chart. */
import { useCallback } from 'react';
import uPlot from 'uplot';
import { useChart, type Drawing } from '../../components/use-chart.ts';
import { sqlPage as texts } from '../../texts/en/sql.ts';
import type { ChartData } from './chart-data.ts';
import styles from './sql-page.module.css';

/** room for the names and the figures below it */
const LEGEND_PX = 40;
const LINES = ['--accent', '--good', '--warn', '--bad', '--busy', '--calm'];

export default function ResultChart({ data }: { readonly data: ChartData }) {
  const draw = useCallback((colour: (name: string) => string) => drawingOf(data, colour), [data]);
  const words = `${texts.chart}: ${data.lines.map(({ name }) => name).join(', ')}`;
  return <div ref={useChart(draw)} className={styles['chart']} role="img" aria-label={words} />;
}

function drawingOf(data: ChartData, colour: (name: string) => string): Drawing {
  const named = data.kind === 'names';
  const grid = { stroke: colour('--line'), width: 1 };
  const axis = { stroke: colour('--text-soft'), grid, ticks: grid };
  const nameAt = (place: number) => data.names[place] ?? '';
  // of several lines bars would stand in front of each other
  const bars = named && data.lines.length === 1 ? uPlot.paths.bars?.({ size: [0.6, 60] }) : undefined;
  const options: Drawing['options'] = {
    scales: { x: { time: data.kind === 'time', ...(named && { range: [-0.6, data.x.length - 0.4] }) } },
    axes: [
      {
        ...axis,
        ...(named && {
          grid: { show: false },
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500],
          values: (_chart: uPlot, places: number[]) => places.map((place) => nameAt(place).slice(0, 14)),
        }),
      },
      {
        ...axis,
        size: 64,
        values: (_chart: uPlot, values: number[]) => values.map((value) => short.format(value)),
      },
    ],
    series: [
      named ? { value: (_chart: uPlot, place: number | null) => (place === null ? '' : nameAt(place)) } : {},
      ...data.lines.map(({ name }, at) => ({
        label: name,
        stroke: colour(LINES[at] ?? '--text'),
        width: 2,
        points: { show: !bars && data.x.length < 60 },
        ...(bars && { fill: colour(LINES[at] ?? '--text'), paths: bars }),
      })),
    ],
  };
  return {
    options,
    data: [data.x, ...data.lines.map(({ y }) => y)] as uPlot.AlignedData,
    below: LEGEND_PX,
  };
}

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });
