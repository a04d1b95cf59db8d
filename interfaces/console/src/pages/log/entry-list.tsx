import { useQuery } from '@tanstack/react-query';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import type { AuditEntry } from '../../api/log.ts';
import { projectsQuery } from '../../api/projects.ts';
import { Button } from '../../components/button.tsx';
import { ErrorState } from '../../components/states.tsx';
import { log as texts } from '../../texts/en/log.ts';
import { byDay, dayText, type LogRow } from './days.ts';
import { EntryRow } from './entry-row.tsx';
import styles from './log.module.css';
import type { ShownLog } from './use-log.ts';

const ROW_PX = 54;
const OVERSCAN = 12;

interface EntryListProps {
  readonly log: ShownLog;
  /** each entry says of which project it is */
  readonly withProjects: boolean;
  readonly hrefOf: (position: string) => string;
}

/** Only what is near the window is on the page, however long the log is. */
export function EntryList({ log, withProjects, hrefOf }: EntryListProps) {
  const list = useRef<HTMLUListElement>(null);
  const [now] = useState(() => new Date());
  const rows = byDay(log.entries);
  const names = useProjectNames(withProjects);
  const virtual = useVirtualRows(rows, list);
  const { more } = log;
  const last = virtual.shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - OVERSCAN) more();
  }, [last, rows.length, more]);
  return (
    <div className={styles['frame']}>
      <News log={log} />
      <ul ref={list} className={styles['list']} style={{ height: virtual.height }} aria-label={texts.list}>
        {virtual.shown.map(({ index, start }) => {
          const row = rows[index];
          return (
            row && (
              <li
                key={row.key}
                ref={virtual.measure}
                data-index={index}
                className={styles['row']}
                style={{ transform: `translateY(${start}px)` }}
              >
                {row.kind === 'day' ? (
                  <h2 className={styles['day']}>{dayText(row.day, now, texts)}</h2>
                ) : (
                  <EntryRow
                    entry={row.entry}
                    href={hrefOf(row.entry.position)}
                    project={withProjects ? projectWords(row.entry, names) : undefined}
                    inDay
                    onKeyDown={onRowKey}
                  />
                )}
              </li>
            )
          );
        })}
      </ul>
      {log.isWhole && <p className={styles['end']}>{texts.end}</p>}
      {log.error && <ErrorState title={texts.moreFailed} error={log.error} retry={log.retry} />}
    </div>
  );
}

function useVirtualRows(rows: readonly LogRow<AuditEntry>[], list: React.RefObject<HTMLUListElement | null>) {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), [list]);
  // what it gives is read at once and handed on to nobody
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    scrollMargin: top,
    getItemKey: (index) => rows[index]?.key ?? index,
  });
  const shown = virtual.getVirtualItems().map(({ index, start }) => ({ index, start: start - top }));
  return { shown, height: virtual.getTotalSize(), measure: virtual.measureElement };
}

/** What has come: read out, and shown at a press where showing it at once would move what is read. */
function News({ log }: { readonly log: ShownLog }) {
  const show = () => {
    log.release();
    scrollTo({ top: 0 });
  };
  return (
    <>
      <div className="aside" role="status">
        {log.came > 0 ? texts.newsSaid(log.came) : ''}
      </div>
      {log.held > 0 && (
        <div className={styles['news']}>
          <Button look="primary" small onClick={show}>
            {texts.news(log.held)}
          </Button>
        </div>
      )}
    </>
  );
}

function useProjectNames(wanted: boolean): ReadonlyMap<string, string> {
  const { data = [] } = useQuery({ ...projectsQuery, enabled: wanted });
  return new Map(data.map(({ id, display_name: name }) => [id, name]));
}

const projectWords = ({ project_id: id }: AuditEntry, names: ReadonlyMap<string, string>): string =>
  id === null ? texts.account : (names.get(id) ?? id);

/** The arrows go from entry to entry. */
function onRowKey(event: KeyboardEvent<HTMLAnchorElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const row = event.currentTarget.closest('li');
  if (step === undefined || !row) return;
  event.preventDefault();
  const index = Number(row.dataset['index']);
  // a heading is stepped over
  for (const to of [index + step, index + 2 * step]) {
    const next = row.parentElement?.querySelector(`[data-index="${to}"] a`);
    if (!(next instanceof HTMLElement)) continue;
    next.focus();
    return;
  }
}
