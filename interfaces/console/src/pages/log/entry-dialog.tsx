/** One entry, opened: its words, who and from where, what caused it and what it set off, and whether it is true. */
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { openedEntryQuery, type AuditEntry, type OpenedEntry } from '../../api/log.ts';
import { useSession } from '../../api/session.ts';
import { ExactTime, RelativeTime, withLocalTimes } from '../../components/amounts.tsx';
import { Button, buttonClass } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Icon } from '../../components/icon.tsx';
import { KeyValueList, type KeyValue } from '../../components/key-value.tsx';
import { Notice } from '../../components/notice.tsx';
import { ErrorState, SkeletonRows } from '../../components/states.tsx';
import { toast } from '../../components/toast.ts';
import { entry as texts } from '../../texts/en/log.ts';
import { actorWords } from './actor-words.ts';
import { EntryRow } from './entry-row.tsx';
import styles from './log.module.css';
import { typeText } from './event-types.ts';

interface EntryLinks {
  readonly hrefOf: (position: string) => string;
  readonly correlationHref: (correlation: string) => string;
  readonly actorHref: (actor: string) => string;
}

interface EntryDialogProps extends EntryLinks {
  readonly position: string;
  readonly onClose: () => void;
}

export function EntryDialog({ position, onClose, ...links }: EntryDialogProps) {
  const { data, error, refetch } = useQuery(openedEntryQuery(position));
  return (
    <Dialog
      open
      wide
      title={data ? withLocalTimes(data.entry.text) : texts.title}
      onOpenChange={(open) => !open && onClose()}
      footer={data && <Footer entry={data.entry} />}
    >
      <div className={styles['opened']}>
        {data ? (
          <Opened opened={data} links={links} />
        ) : error ? (
          <ErrorState title={texts.failed} error={error} retry={() => void refetch()} />
        ) : (
          <SkeletonRows rows={8} height="32px" />
        )}
      </div>
    </Dialog>
  );
}

function Footer({ entry }: { readonly entry: AuditEntry }) {
  const copy = () =>
    navigator.clipboard.writeText(JSON.stringify(entry, null, 2)).then(
      () => toast.done(texts.copied),
      (error: unknown) => toast.failed(texts.copy, error),
    );
  return (
    <>
      <Button icon="copy" onClick={() => void copy()}>
        {texts.copy}
      </Button>
      {entry.project_id !== null && (
        <Link
          className={buttonClass('primary')}
          href={`/projects/${entry.project_id}/time?at=${encodeURIComponent(entry.recorded_at)}`}
        >
          <Icon name="clock" />
          {texts.stateThen}
        </Link>
      )}
    </>
  );
}

function Opened({ opened, links }: { readonly opened: OpenedEntry; readonly links: EntryLinks }) {
  const { entry, cause, effects, verification } = opened;
  return (
    <>
      <Facts entry={entry} links={links} />
      <Part title={texts.hash}>
        <Verification verification={verification} />
        <p>
          <code className={styles['hash']}>{entry.hash}</code>
        </p>
      </Part>
      <Part title={texts.cause}>
        {cause ? (
          <EntryRow entry={cause} href={links.hrefOf(cause.position)} />
        ) : (
          <p className={styles['soft']}>
            {entry.causation_id === null ? texts.causeNone : texts.causeHidden}
          </p>
        )}
      </Part>
      <Part title={texts.effects}>
        {effects.length === 0 && <p className={styles['soft']}>{texts.effectsNone}</p>}
        {effects.map((effect) => (
          <EntryRow key={effect.position} entry={effect} href={links.hrefOf(effect.position)} />
        ))}
      </Part>
      <Part title={texts.data}>
        <CodeBlock code={JSON.stringify(entry.data, null, 2)} label={texts.data} />
      </Part>
    </>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles['part']}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Verification({ verification: { state, chained } }: Pick<OpenedEntry, 'verification'>) {
  const words = texts.states[state];
  return (
    <Notice tone={state === 'intact' ? 'good' : 'bad'} title={words.title}>
      {chained ? words.chained : words.alone}
    </Notice>
  );
}

function Facts({ entry, links }: { readonly entry: AuditEntry; readonly links: EntryLinks }) {
  const self = useSession().data?.owner_id;
  const all: readonly KeyValue[] = [
    {
      key: texts.at,
      value: (
        <>
          <ExactTime at={entry.recorded_at} /> (<RelativeTime at={entry.recorded_at} />)
        </>
      ),
    },
    {
      key: texts.who,
      value: <Link href={links.actorHref(entry.actor.id)}>{actorWords(entry.actor, self)}</Link>,
    },
    { key: texts.why, value: entry.reason },
    { key: texts.what, value: `${typeText(entry.type)} (${entry.type})` },
    { key: texts.ip, value: entry.ip },
    { key: texts.agent, value: entry.user_agent },
    { key: texts.request, value: entry.request_id },
    {
      key: texts.correlation,
      value: <Link href={links.correlationHref(entry.correlation_id)}>{texts.correlationAll}</Link>,
    },
    { key: texts.place, value: texts.placeText(entry.stream, entry.revision) },
  ];
  return <KeyValueList items={all.filter(({ value }) => value !== null)} />;
}
