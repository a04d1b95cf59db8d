import type { KeyboardEvent } from 'react';
import { Link } from 'wouter';
import type { AuditEntry } from '../../api/log.ts';
import { useSession } from '../../api/session.ts';
import { RelativeTime, withLocalTimes } from '../../components/amounts.tsx';
import { Icon } from '../../components/icon.tsx';
import { actorWords } from './actor-words.ts';
import { topicOf } from './event-types.ts';
import styles from './log.module.css';

interface EntryRowProps {
  readonly entry: AuditEntry;
  readonly href: string;
  /** of which project it is, where several are shown */
  readonly project?: string | undefined;
  /** in a list by days the time of day is enough; elsewhere it is told how long ago it was */
  readonly inDay?: boolean;
  readonly onKeyDown?: (event: KeyboardEvent<HTMLAnchorElement>) => void;
}

const timeOfDay = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** An entry in a line: what happened, who did it, when; a link that opens it. */
export function EntryRow({ entry, href, project, inDay = false, onKeyDown }: EntryRowProps) {
  const self = useSession().data?.owner_id;
  const topic = topicOf(entry.type);
  return (
    <Link
      href={href}
      className={styles['entry']}
      data-position={entry.position}
      {...(onKeyDown && { onKeyDown })}
    >
      <span className={styles['topic']} data-topic={topic}>
        <Icon name={topic} />
      </span>
      <span className={styles['words']}>
        <span className={styles['text']}>{withLocalTimes(entry.text)}</span>
        <span className={styles['who']}>
          {actorWords(entry.actor, self)}
          {project !== undefined && ` · ${project}`}
        </span>
      </span>
      <span className={styles['time']}>
        {inDay ? (
          <time dateTime={entry.recorded_at}>{timeOfDay.format(new Date(entry.recorded_at))}</time>
        ) : (
          <RelativeTime at={entry.recorded_at} />
        )}
      </span>
    </Link>
  );
}
