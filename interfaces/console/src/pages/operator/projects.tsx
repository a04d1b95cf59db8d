import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf } from '../../api/api.ts';
import {
  operatorProjectsQuery,
  operatorWhyQuery,
  refreshOperator,
  useMayWrite,
  type OperatorProject,
} from '../../api/operator.ts';
import { ExactTime, RelativeTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Icon } from '../../components/icon.tsx';
import { Notice } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { Status, type ProjectStatus } from '../../components/status.tsx';
import { toast } from '../../components/toast.ts';
import { operator as texts } from '../../texts/en/operator.ts';
import { Live } from './frame.tsx';
import { LimitsDialog } from './limits-dialog.tsx';
import styles from './operator.module.css';

interface Opened {
  readonly what: 'limits' | 'why';
  readonly project: OperatorProject;
}

/** The projects of every owner: why each is as it is, what it may use, and its upgrade. */
export default function Projects() {
  const [text, setText] = useState('');
  const [opened, setOpened] = useState<Opened>();
  const { data, error, refetch } = useQuery({
    ...operatorProjectsQuery(text.trim()),
    // the list stays while the next one comes
    placeholderData: (before) => before,
  });
  const close = () => setOpened(undefined);
  return (
    <>
      <PageHeader title={texts.pages.projects} beside={<Live />} />
      <div className={`${styles['tools']} ${styles['above']}`}>
        <TextField
          label={texts.search}
          hideLabel
          type="search"
          placeholder={texts.search}
          before={<Icon name="search" />}
          className={styles['search']}
          value={text}
          onValueChange={setText}
        />
      </div>
      {data ? (
        <DataTable
          label={texts.pages.projects}
          columns={columns(setOpened)}
          rows={data.projects}
          rowKey={({ id }) => id}
          onOpen={(project) => setOpened({ what: 'why', project })}
          empty={<EmptyState icon="search" title={text === '' ? texts.noProjects : texts.noMatch} />}
        />
      ) : error ? (
        <ErrorState title={texts.failed} error={error} retry={() => void refetch()} />
      ) : (
        <SkeletonRows />
      )}
      {opened?.what === 'limits' && <LimitsDialog project={opened.project} onOver={close} />}
      {opened?.what === 'why' && (
        <WhyDialog
          project={opened.project}
          onOver={close}
          onLimits={() => setOpened({ what: 'limits', project: opened.project })}
        />
      )}
    </>
  );
}

const columns = (open: (opened: Opened) => void): readonly Column<OperatorProject>[] => [
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
    cell: ({ status }) => <Status status={status as ProjectStatus} />,
  },
  {
    id: 'owner',
    title: texts.owner,
    wideOnly: true,
    cell: ({ owner_id: owner }) => <code>{owner}</code>,
  },
  {
    id: 'changed',
    title: texts.changed,
    width: '110px',
    align: 'end',
    wideOnly: true,
    cell: ({ updated_at: at }) => <RelativeTime at={at} />,
  },
  {
    id: 'actions',
    title: texts.actions,
    width: '190px',
    align: 'end',
    // on a phone the row itself leads to both
    wideOnly: true,
    cell: (project) => (
      <span className={styles['buttons']}>
        <Button small look="quiet" icon="help" onClick={() => open({ what: 'why', project })}>
          {texts.whyShort}
        </Button>
        <Button small look="quiet" icon="settings" onClick={() => open({ what: 'limits', project })}>
          {texts.limits}
        </Button>
      </span>
    ),
  },
];

interface WhyProps {
  readonly project: OperatorProject;
  readonly onOver: () => void;
  readonly onLimits: () => void;
}

function WhyDialog({ project: { id, name }, onOver, onLimits }: WhyProps) {
  const mayWrite = useMayWrite();
  const { data: why, error } = useQuery(operatorWhyQuery(id));
  const upgrading = useMutation({
    mutationFn: () => dataOf(api.POST('/api/operator/projects/{id}/upgrade', { params: { path: { id } } })),
    onSuccess: (answer) => {
      toast.done(answer.state === 'done' ? texts.upToDate : texts.upgradeAsked);
      return refreshOperator();
    },
    onError: (problem) => toast.failed(texts.notUpgraded, problem),
  });
  return (
    <Dialog
      open
      onOpenChange={onOver}
      wide
      title={`${texts.whyShort}: ${name}`}
      footer={
        <>
          <Button icon="settings" onClick={onLimits}>
            {texts.limits}
          </Button>
          {mayWrite && (
            <Button icon="upload" busy={upgrading.isPending} onClick={() => upgrading.mutate()}>
              {texts.upgrade}
            </Button>
          )}
        </>
      }
    >
      {error && !why && <Notice tone="bad" error={error} />}
      {!why && !error && <SkeletonRows rows={6} />}
      {why && (
        <div className={styles['stack']}>
          <Notice tone={why.waits_for ? 'warn' : 'calm'} title={why.summary}>
            {why.advice ?? undefined}
          </Notice>
          <ol className={styles['chain']}>
            {why.chain.toReversed().map((link) => (
              <li key={link.revision}>
                <span className={styles['soft']}>
                  <ExactTime at={link.at} />
                </span>
                <span className={styles['wrap']}>
                  {link.text}{' '}
                  <span className={styles['soft']}>
                    {link.actor.kind} {link.actor.id}
                  </span>
                </span>
              </li>
            ))}
          </ol>
        </div>
      )}
    </Dialog>
  );
}
