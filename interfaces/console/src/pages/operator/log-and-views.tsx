import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { api } from '../../api/api.ts';
import { partQuery, refreshOperator, useMayWrite, workQuery, type Work } from '../../api/operator.ts';
import { useWorkEvents } from '../../api/operator-events.ts';
import { durationText, RelativeTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Notice } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page.tsx';
import { Select } from '../../components/select.tsx';
import { Badge } from '../../components/status.tsx';
import { operator as texts } from '../../texts/en/operator.ts';
import { Live } from './frame.tsx';
import styles from './operator.module.css';
import { Parked } from './parked.tsx';
import { Part } from './part.tsx';
import { Progress } from './progress.tsx';

/** The log is checked, and views are built again from it, while all serve on. */
export default function LogAndViews() {
  useWorkEvents();
  return (
    <>
      <PageHeader title={texts.pages.log} beside={<Live />} />
      <div className={styles['page']}>
        <Verify />
        <Replay />
        <Parked />
      </div>
    </>
  );
}

const useWork = (name: Work['work']) =>
  useQuery({ ...workQuery, select: (all) => all.filter(({ work }) => work === name) });

function Verify() {
  const query = useWork('verify');
  const asking = useMutation({
    mutationFn: () => api.POST('/api/operator/verify'),
    onSettled: refreshOperator,
  });
  return (
    <Part
      title={texts.verify}
      description={texts.verifyHint}
      query={query}
      rows={1}
      actions={<Begin work={query.data?.[0]} asking={asking} label={texts.verifyNow} />}
    >
      {([work]) => (
        <Standing work={work} error={asking.error}>
          {(done) => <Verdict result={done.result as Verified} />}
        </Standing>
      )}
    </Part>
  );
}

interface Verified {
  readonly intact: boolean;
  readonly verified: string;
  readonly first_altered: {
    readonly position: string;
    readonly stream: string | null;
    readonly type: string | null;
  } | null;
}

function Verdict({ result: { intact, verified, first_altered: altered } }: { readonly result: Verified }) {
  if (intact) return <Notice tone="good">{texts.intact(verified)}</Notice>;
  return (
    <Notice tone="bad" title={texts.altered(altered?.position ?? '?')}>
      {altered?.stream && (
        <code>
          {altered.stream} {altered.type}
        </code>
      )}
    </Notice>
  );
}

const ALL = 'all';

function Replay() {
  const query = useWork('replay');
  const { data: standing } = useQuery(partQuery('/api/operator/views'));
  const mayWrite = useMayWrite();
  const [view, setView] = useState(ALL);
  const asking = useMutation({
    mutationFn: () => api.POST('/api/operator/replay', { body: view === ALL ? {} : { view } }),
    onSettled: refreshOperator,
  });
  const views = standing?.views.map((one) => ({ value: one.view, label: one.view })) ?? [];
  return (
    <Part
      title={texts.replay}
      description={texts.replayHint}
      query={query}
      rows={1}
      actions={
        <div className={styles['tools']}>
          <Select
            label={texts.which}
            hideLabel
            options={[{ value: ALL, label: texts.all }, ...views]}
            value={view}
            onValueChange={setView}
          />
          {mayWrite && <Begin work={query.data?.[0]} asking={asking} label={texts.replayNow} />}
        </div>
      }
    >
      {([work]) => (
        <Standing work={work} error={asking.error}>
          {(done) => (
            <DataTable
              label={texts.replay}
              columns={REPLAYED}
              rows={done.result as readonly Replayed[]}
              rowKey={(one) => one.view}
            />
          )}
        </Standing>
      )}
    </Part>
  );
}

interface Replayed {
  readonly view: string;
  readonly rows: number;
  readonly events: number;
  readonly equal: boolean | null;
  readonly duration_ms: number;
}

const REPLAYED: readonly Column<Replayed>[] = [
  { id: 'view', title: texts.view, cell: ({ view }) => <span className={styles['strong']}>{view}</span> },
  { id: 'equal', title: texts.result, cell: ({ equal }) => equality(equal) },
  { id: 'rows', title: texts.rows, align: 'end', cell: ({ rows }) => rows.toLocaleString('en') },
  {
    id: 'events',
    title: texts.events,
    align: 'end',
    wideOnly: true,
    cell: ({ events }) => events.toLocaleString('en'),
  },
  {
    id: 'took',
    title: texts.took,
    align: 'end',
    wideOnly: true,
    cell: ({ duration_ms: ms }) => durationText(ms),
  },
];

function equality(equal: boolean | null) {
  if (equal === null) return <Badge>{texts.nothingBefore}</Badge>;
  return <Badge tone={equal ? 'good' : 'bad'}>{equal ? texts.equal : texts.different}</Badge>;
}

interface BeginProps {
  readonly work: Work | undefined;
  readonly asking: { readonly isPending: boolean; readonly mutate: () => void };
  readonly label: string;
}

function Begin({ work, asking, label }: BeginProps) {
  return (
    <Button busy={asking.isPending} disabled={work?.state === 'running'} onClick={() => asking.mutate()}>
      {label}
    </Button>
  );
}

interface StandingProps {
  readonly work: Work | undefined;
  readonly error: unknown;
  readonly children: (done: Work) => ReactNode;
}

/** How far it is, or how the last one ended. */
function Standing({ work, error, children }: StandingProps) {
  return (
    <div className={styles['stack']} aria-live="polite">
      {error !== null && <Notice tone="bad" error={error} />}
      {!work && <p className={styles['soft']}>{texts.neverDone}</p>}
      {work && (
        <p className={styles['soft']}>
          {texts.started} <RelativeTime at={work.started_at} />
        </p>
      )}
      {work?.state === 'running' && <Going work={work} />}
      {work?.state === 'failed' && (
        <Notice tone="bad" title={texts.workFailed}>
          {work.error}
        </Notice>
      )}
      {work?.state === 'done' && children(work)}
    </div>
  );
}

function Going({ work: { progress, work } }: { readonly work: Work }) {
  const { at = '', doing = '', done = 0, total = 0, seconds_left: left = null } = progress ?? {};
  return (
    <div className={styles['amount']}>
      <div className={styles['line']}>
        <span>{progress && texts.progress(at, doing)}</span>
        <span className={styles['soft']}>{left !== null && texts.secondsLeft(left)}</span>
      </div>
      <Progress done={done} total={total} label={work === 'verify' ? texts.verify : texts.replay} />
    </div>
  );
}
