import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { RANGES, usageQuery, type UsageOverTime, type UsageRange } from '../../api/usage.ts';
import { bytesText } from '../../components/amounts.tsx';
import { Choices } from '../../components/choices.tsx';
import { loaded } from '../../components/loaded.tsx';
import { Notice } from '../../components/notice.tsx';
import { Section } from '../../components/page.tsx';
import { EmptyState, Skeleton } from '../../components/states.tsx';
import { usage as texts } from '../../texts/en/usage.ts';
import { numberText, timeText } from './usage-text.ts';
import styles from './use-over-time.module.css';
import { UseTable } from './use-table.tsx';

const UsageChart = loaded(() => import('./usage-chart.tsx'), <Skeleton height="100%" />);

const OPTIONS = RANGES.map((value) => ({ value, label: texts.ranges[value] }));

/** Requests, connections and size, as small charts, and as a table for who does not see charts. */
export function UseOverTime({ project }: { readonly project: string }) {
  const [range, setRange] = useState<UsageRange>('day');
  const { data, error } = useQuery(usageQuery(project, range));
  return (
    <Section
      title={texts.title}
      actions={<Choices label={texts.range} options={OPTIONS} value={range} onValueChange={setRange} />}
    >
      {data && isEmpty(data) ? (
        <EmptyState icon="clock" title={texts.emptyTitle}>
          {texts.empty}
        </EmptyState>
      ) : error && !data ? (
        <Notice tone="bad" title={texts.failed} error={error} />
      ) : (
        <Charts data={data} range={range} />
      )}
    </Section>
  );
}

const isEmpty = ({ requests, connections, database_size_bytes: sizes }: UsageOverTime): boolean =>
  [...requests, ...connections, ...sizes].every((figure) => figure === 0 || figure === null);

/** @param data undefined: it is on its way, and has its place already */
function Charts({ data, range }: { readonly data: UsageOverTime | undefined; readonly range: UsageRange }) {
  const [at, setAt] = useState<number | null>(null);
  return (
    <>
      <div className={styles['charts']}>
        {CHARTS.map(({ name, figures, inAll, text }) => {
          const shown = data && figures(data);
          const pointed = at === null ? undefined : shown?.[at];
          return (
            <figure key={name} className={styles['figure']}>
              <figcaption className={styles['caption']}>
                <h3>{texts[name]}</h3>
                <span className={styles['value']}>
                  {data && shown && (
                    <>
                      {pointed === undefined || at === null
                        ? inAll(shown)
                        : `${timeText(data, at, range)}: ${text(pointed)}`}
                    </>
                  )}
                </span>
              </figcaption>
              <div className={styles['place']}>
                {data && shown ? (
                  <UsageChart
                    {...{ data, range, text }}
                    figures={shown}
                    kind={name}
                    label={`${texts[name]}: ${inAll(shown)}`}
                    onPoint={setAt}
                  />
                ) : (
                  <Skeleton height="100%" />
                )}
              </div>
            </figure>
          );
        })}
      </div>
      <details className={styles['table']}>
        <summary>{texts.asTable}</summary>
        {data && <UseTable data={data} range={range} />}
      </details>
    </>
  );
}

type Figures = readonly (number | null)[];

const sum = (figures: Figures): number => figures.reduce<number>((all, one) => all + (one ?? 0), 0);
const most = (figures: Figures): number => figures.reduce<number>((high, one) => Math.max(high, one ?? 0), 0);
const sizeText = (bytes: number | null): string => (bytes === null ? texts.unknown : bytesText(bytes));

const CHARTS = [
  {
    name: 'requests',
    figures: (data: UsageOverTime): Figures => data.requests,
    inAll: (figures: Figures) => texts.inAll(numberText(sum(figures))),
    text: numberText,
  },
  {
    name: 'connections',
    figures: (data: UsageOverTime): Figures => data.connections,
    inAll: (figures: Figures) => texts.most(numberText(most(figures))),
    text: numberText,
  },
  {
    name: 'size',
    figures: (data: UsageOverTime): Figures => data.database_size_bytes,
    inAll: (figures: Figures) => texts.now(sizeText(figures.at(-1) ?? null)),
    text: sizeText,
  },
] as const;
