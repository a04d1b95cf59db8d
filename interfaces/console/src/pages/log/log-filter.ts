/** What of the log is shown, as the address says it: a link to it shows the same to somebody else. */

import type { AuditQuery } from '../../api/log.ts';

export const SPANS = ['any', 'today', 'yesterday', 'week'] as const;
export type Span = (typeof SPANS)[number];

export interface LogFilter {
  /** of an event; empty: of any */
  readonly type: string;
  /** the id of an actor or a kind of them; empty: anybody */
  readonly actor: string;
  /** everything that followed from one request; empty: no matter */
  readonly correlation: string;
  readonly span: Span;
  /** in place of a span, RFC 3339; empty: no bound. The first inclusive, the second exclusive */
  readonly since: string;
  readonly until: string;
}

export const EVERYTHING: LogFilter = {
  type: '',
  actor: '',
  correlation: '',
  span: 'any',
  since: '',
  until: '',
};

const TEXTS = { type: 'type', actor: 'actor', correlation: 'correlation' } as const;
const LONGEST = 200;

/** What cannot be read is as if it were not there. */
export function filterOf(search: string): LogFilter {
  const params = new URLSearchParams(search);
  const text = (name: string) => (params.get(name) ?? '').slice(0, LONGEST);
  const time = (name: string) =>
    Number.isNaN(Date.parse(text(name))) ? '' : new Date(text(name)).toISOString();
  const span = SPANS.find((one) => one === params.get('when')) ?? 'any';
  const bounds = { since: time('since'), until: time('until') };
  return {
    type: text(TEXTS.type),
    actor: text(TEXTS.actor),
    correlation: text(TEXTS.correlation),
    span: bounds.since || bounds.until ? 'any' : span,
    ...bounds,
  };
}

/** For the address; what is as usual is left out. Without a question mark. */
export function searchOf(
  { type, actor, correlation, span, since, until }: LogFilter,
  entry?: string,
): string {
  const isBounded = since !== '' || until !== '';
  const all = {
    type,
    actor,
    correlation,
    when: span === 'any' || isBounded ? '' : span,
    since,
    until,
    entry,
  };
  return new URLSearchParams(
    Object.entries(all).filter((pair): pair is [string, string] => Boolean(pair[1])),
  ).toString();
}

/** @param now whose day is today */
export function queryOf(filter: LogFilter, now: Date): AuditQuery {
  const { type, actor, correlation, since, until } = { ...filter, ...boundsOf(filter, now) };
  return {
    ...(type && { type }),
    ...(actor && { actor }),
    ...(correlation && { correlation_id: correlation }),
    ...(since && { since }),
    ...(until && { until }),
  };
}

function boundsOf({ span, since, until }: LogFilter, now: Date): Pick<LogFilter, 'since' | 'until'> {
  const day = (back: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - back).toISOString();
  switch (span) {
    case 'any':
      return { since, until };
    case 'today':
      return { since: day(0), until: '' };
    case 'yesterday':
      return { since: day(1), until: day(0) };
    case 'week':
      return { since: day(6), until: '' };
  }
}

/** Whether something that happens now could be shown by it. */
export function mayGrow(filter: LogFilter, now: Date): boolean {
  const { until } = boundsOf(filter, now);
  return until === '' || new Date(until) > now;
}

export const isFiltered = (filter: LogFilter): boolean => searchOf(filter) !== '';
