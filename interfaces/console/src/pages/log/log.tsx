/** The audit trail as a page: filters, which the address keeps, the entries by day, and the one that is open. */
import { useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { exportPath } from '../../api/log.ts';
import { PageHeader } from '../../components/page.tsx';
import { Button } from '../../components/button.tsx';
import { Menu, MenuItem } from '../../components/menu.tsx';
import { EmptyState, ErrorState, SkeletonRows } from '../../components/states.tsx';
import { log as texts } from '../../texts/en/log.ts';
import { EntryDialog } from './entry-dialog.tsx';
import { EntryList } from './entry-list.tsx';
import { FilterBar } from './filter-bar.tsx';
import {
  EVERYTHING,
  filterOf,
  isFiltered,
  mayGrow,
  queryOf,
  searchOf,
  type LogFilter,
} from './log-filter.ts';
import { useLog } from './use-log.ts';
import { VerifyLog } from './verify-log.tsx';

const FORMATS = ['csv', 'ndjson'] as const;

/** @param project undefined: the account and all of its projects */
export function Log({ project }: { readonly project: string | undefined }) {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const [today] = useState(() => new Date());
  const filter = filterOf(search);
  const open = new URLSearchParams(search).get('entry') ?? undefined;
  const query = queryOf(filter, today);
  const place = (to: LogFilter, entry?: string) => {
    const text = searchOf(to, entry);
    return text === '' ? path : `${path}?${text}`;
  };
  const log = useLog(project, query, mayGrow(filter, today));
  return (
    <>
      <PageHeader
        title={texts.title}
        description={project === undefined ? texts.ofAccount : texts.ofProject}
        actions={
          <>
            <Menu
              trigger={
                <Button icon="download" title={texts.exportHint}>
                  {texts.export}
                </Button>
              }
            >
              {FORMATS.map((format) => (
                <MenuItem key={format} note={texts.formats[format]} file={exportPath(project, query, format)}>
                  {format.toUpperCase()}
                </MenuItem>
              ))}
            </Menu>
            <VerifyLog hrefOf={(entry) => place(EVERYTHING, entry)} />
          </>
        }
      />
      <FilterBar filter={filter} onChange={(to) => navigate(place(to), { replace: true })} />
      <Entries
        log={log}
        filter={filter}
        project={project}
        hrefOf={(entry) => place(filter, entry)}
        onClear={() => navigate(place(EVERYTHING))}
      />
      {open !== undefined && (
        <EntryDialog
          position={open}
          hrefOf={(entry) => place(filter, entry)}
          correlationHref={(correlation) => place({ ...EVERYTHING, correlation })}
          actorHref={(actor) => place({ ...EVERYTHING, actor })}
          onClose={() => navigate(place(filter), { replace: true })}
        />
      )}
    </>
  );
}

interface EntriesProps {
  readonly log: ReturnType<typeof useLog>;
  readonly filter: LogFilter;
  readonly project: string | undefined;
  readonly hrefOf: (position: string) => string;
  readonly onClear: () => void;
}

function Entries({ log, filter, project, hrefOf, onClear }: EntriesProps) {
  if (log.isPending) return <SkeletonRows rows={10} height="54px" />;
  if (log.error && log.entries.length === 0)
    return <ErrorState title={texts.failed} error={log.error} retry={log.retry} />;
  if (log.entries.length === 0 && isFiltered(filter))
    return (
      <EmptyState
        icon="search"
        title={texts.noMatchTitle}
        action={<Button onClick={onClear}>{texts.clear}</Button>}
      >
        {texts.noMatch}
      </EmptyState>
    );
  if (log.entries.length === 0)
    return (
      <EmptyState icon="log" title={texts.emptyTitle}>
        {texts.empty}
      </EmptyState>
    );
  return <EntryList log={log} withProjects={project === undefined} hrefOf={hrefOf} />;
}
