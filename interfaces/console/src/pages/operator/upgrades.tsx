import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf } from '../../api/api.ts';
import {
  refreshOperator,
  rolloutsQuery,
  useMayWrite,
  type Rollout,
  type Rollouts,
} from '../../api/operator.ts';
import { Button } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { Notice } from '../../components/notice.tsx';
import { PageHeader, Section } from '../../components/page.tsx';
import { Select } from '../../components/select.tsx';
import { EmptyState } from '../../components/states.tsx';
import { Badge, Status, type ProjectStatus, type Tone } from '../../components/status.tsx';
import { toast } from '../../components/toast.ts';
import { operator as texts } from '../../texts/en/operator.ts';
import { Live } from './frame.tsx';
import styles from './operator.module.css';
import { Part } from './part.tsx';
import { Progress } from './progress.tsx';

type Behind = Rollouts['behind'][number];

/** Who is behind, what an upgrade would do, and how far the last one is. */
export default function Upgrades() {
  const query = useQuery(rolloutsQuery);
  const mayWrite = useMayWrite();
  const isRunning = query.data?.rollout?.state === 'running';
  const [open, setOpen] = useState<'start' | 'stop'>();
  const start = mayWrite && !isRunning && query.data && query.data.behind.length > 0;
  return (
    <>
      <PageHeader
        title={texts.pages.upgrades}
        beside={<Live />}
        actions={
          start && (
            <Button look="primary" icon="upload" onClick={() => setOpen('start')}>
              {texts.upgradeAll}
            </Button>
          )
        }
      />
      <div className={styles['page']}>
        {query.data?.rollout && (
          <Last
            standing={query.data}
            rollout={query.data.rollout}
            onStop={mayWrite ? () => setOpen('stop') : undefined}
          />
        )}
        <Part
          title={texts.behind}
          {...(query.data && { description: texts.behindHint(query.data.version) })}
          query={query}
        >
          {({ behind }) => (
            <DataTable
              label={texts.behind}
              columns={COLUMNS}
              rows={behind}
              rowKey={({ id }) => id}
              empty={
                <EmptyState icon="check" title={texts.noneBehind}>
                  {texts.noneBehindHint}
                </EmptyState>
              }
            />
          )}
        </Part>
      </div>
      {open === 'start' && query.data && (
        <Start behind={query.data.behind} onOver={() => setOpen(undefined)} />
      )}
      {open === 'stop' && <Stop onOver={() => setOpen(undefined)} />}
    </>
  );
}

const TONES: Readonly<Record<Rollout['state'], Tone>> = {
  running: 'busy',
  stopped: 'bad',
  completed: 'good',
  cancelled: 'warn',
};

interface LastProps {
  readonly standing: Rollouts;
  readonly rollout: Rollout;
  readonly onStop: (() => void) | undefined;
}

function Last({ standing, rollout, onStop }: LastProps) {
  const { state, version, done, total, left, failure, canary } = rollout;
  return (
    <Section
      title={`${texts.rollout} ${texts.rolloutTo(version)}`}
      actions={
        state === 'running' &&
        onStop && (
          <Button icon="pause" onClick={onStop}>
            {texts.stop}
          </Button>
        )
      }
    >
      <div className={styles['stack']}>
        <div className={styles['line']}>
          <Badge tone={TONES[state]}>{texts.rolloutState[state]}</Badge>
          <span>
            {texts.doneOf(done, total)}
            {left > 0 && `, ${texts.left(left)}`}
          </span>
        </div>
        <Progress done={done} total={total} label={texts.rollout} />
        <span className={styles['soft']}>
          {texts.canary}: <code>{canary}</code>
        </span>
        {failure && <Failed failure={failure} behind={standing.behind} />}
      </div>
    </Section>
  );
}

interface FailedProps {
  readonly failure: NonNullable<Rollout['failure']>;
  readonly behind: readonly Behind[];
}

/** Of which project, at which step and why, and what helps. */
function Failed({ failure: { project_id: id, reason }, behind }: FailedProps) {
  const name = behind.find((one) => one.id === id)?.name;
  return (
    <Notice tone="bad" title={texts.failedAt(name ?? id)}>
      <p>{reason}</p>
      <p>
        {name !== undefined && <code>{id}</code>} {texts.failedHelp}
      </p>
    </Notice>
  );
}

const FIRST = 'oldest';

function Start({ behind, onOver }: { readonly behind: readonly Behind[]; readonly onOver: () => void }) {
  const [canary, setCanary] = useState(FIRST);
  const starting = useMutation({
    mutationFn: () =>
      dataOf(api.POST('/api/operator/rollouts', { body: canary === FIRST ? {} : { canary } })),
  });
  const inService = behind.filter(({ status }) => status === 'active' || status === 'sleeping');
  const options = [
    { value: FIRST, label: texts.canaryOurs },
    ...inService.map(({ id, name }) => ({ value: id, label: `${name} (${id})` })),
  ];
  return (
    <ConfirmDialog
      open
      onOpenChange={onOver}
      title={texts.upgradeAllTitle}
      description={texts.upgradeAllHint}
      action={texts.upgradeAll}
      onConfirm={async () => {
        await starting.mutateAsync();
        toast.done(texts.begun);
        await refreshOperator();
      }}
    >
      <Select
        label={texts.canary}
        hint={texts.canaryHint}
        options={options}
        value={canary}
        onValueChange={setCanary}
      />
    </ConfirmDialog>
  );
}

const Stop = ({ onOver }: { readonly onOver: () => void }) => (
  <ConfirmDialog
    open
    onOpenChange={onOver}
    title={texts.stopTitle}
    description={texts.stopHint}
    action={texts.stop}
    onConfirm={async () => {
      await api.DELETE('/api/operator/rollouts');
      toast.done(texts.stopped);
      await refreshOperator();
    }}
  />
);

const COLUMNS: readonly Column<Behind>[] = [
  {
    id: 'name',
    title: texts.name,
    cell: ({ name, id }) => (
      <>
        <span className={styles['strong']}>{name}</span> <code className={styles['soft']}>{id}</code>
      </>
    ),
  },
  {
    id: 'status',
    title: texts.status,
    wideOnly: true,
    cell: ({ status }) => <Status status={status as ProjectStatus} />,
  },
  { id: 'version', title: texts.version, align: 'end', wideOnly: true, cell: ({ version }) => version },
  {
    id: 'will',
    title: texts.will,
    cell: ({ will, failure }) => (
      <span className={styles['wrap']}>
        {will}
        {failure && (
          <span className={styles['bad']}>
            ; {texts.lastFailure} {failure.step}: {failure.reason}
          </span>
        )}
      </span>
    ),
  },
];
