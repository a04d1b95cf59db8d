/** Which moments the slider has: all of the project's, thinned where there are many, or those of a stretch of them. */
import { keepPreviousData, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { momentsQuery, MOST_MOMENTS, newsQuery, type Bounds } from '../../api/past.ts';
import {
  countOf,
  findChange,
  isThinned,
  pageAt,
  placeOf,
  stretchAt,
  withoutDoubles,
  type Moment,
} from './moments.ts';

export interface ShownMoments {
  readonly moments: readonly Moment[];
  /** in the list */
  readonly total: number;
  /** of the project, as far back as was looked */
  readonly all: number;
  /** how many of those are before the list */
  readonly before: number;
  /** the time of the last one before the list, and of the first one behind it; undefined: there is none */
  readonly earlier: string | undefined;
  readonly later: string | undefined;
  /** some stand for others: {@link zoom} shows them */
  readonly isThinned: boolean;
  readonly isZoomed: boolean;
}

/** A part of the list in its place, with more of the moments in it; so near that each has a stop of its own; or all of them. */
export type Zoom = 'closer' | 'closest' | 'all';

/** A millisecond is what a time is told to. */
const beside = (time: string, ms: 1 | -1): string => new Date(new Date(time).getTime() + ms).toISOString();

/** @param at undefined: now */
export function useMoments(project: string, at: string | undefined) {
  const client = useQueryClient();
  const [depth, setDepth] = useState(0);
  const [known, setKnown] = useState<string>();
  const shown = useQuery({
    queryKey: ['past', project, 'shown', at ?? 'now', depth, known],
    queryFn: () => momentsAt({ client, project, known }, at, depth),
    placeholderData: keepPreviousData,
  });
  useNews(project, shown.data, setKnown);
  const depths: Record<Zoom, number> = { closer: depth + 1, closest: Infinity, all: 0 };
  return { ...shown, zoom: (to: Zoom) => setDepth(depths[to]) };
}

function useNews(project: string, shown: ShownMoments | undefined, setKnown: (position: string) => void) {
  const last = shown?.later === undefined ? shown?.moments.at(-1) : undefined;
  const { data } = useQuery({
    ...newsQuery(project, last && beside(last.through, 1)),
    enabled: last !== undefined,
  });
  const [newest] = data?.moments ?? [];
  const [told, setTold] = useState<string>();
  if (newest === undefined || newest.position === told) return;
  setTold(newest.position);
  setKnown(newest.position);
}

interface Asking {
  readonly client: QueryClient;
  readonly project: string;
  readonly known: string | undefined;
}

async function listOf({ client, project, known }: Asking, bounds: Bounds) {
  const { moments, total, earlier } = await client.fetchQuery(momentsQuery(project, bounds, known));
  return { moments: withoutDoubles(moments), total, hasMore: earlier, bounds };
}

type List = Awaited<ReturnType<typeof listOf>>;

/** The list of everything, further and further back until the time is in it, and in it as many pages within pages as wanted. */
async function momentsAt(asking: Asking, at: string | undefined, depth: number): Promise<ShownMoments> {
  let list = await listOf(asking, {});
  while (at !== undefined && list.hasMore && isBefore(at, list)) {
    list = await listOf(asking, { until: list.moments[0]?.from });
  }
  const all = list.total;
  let before = 0;
  const [first] = list.moments;
  let [earlier, later] = [list.hasMore && first ? beside(first.from, -1) : undefined, list.bounds.until];
  let zoomed = 0;
  while (zoomed < depth && list.moments.some(isThinned)) {
    const [from, to] = pageAt(list.moments, stretchAt(list.moments, at), MOST_MOMENTS);
    const [previous, begin, next] = [list.moments[from - 1], list.moments[from], list.moments[to]];
    before += countOf(list.moments.slice(0, from));
    earlier = previous?.through ?? earlier;
    later = next?.from ?? later;
    const bounds = {
      since: previous ? begin?.from : list.bounds.since,
      until: next?.from ?? list.bounds.until,
    };
    list = await listOf(asking, bounds);
    zoomed++;
  }
  const { moments, total } = list;
  const thinned = moments.some(isThinned);
  return { moments, total, all, before, earlier, later, isThinned: thinned, isZoomed: zoomed > 0 };
}

const isBefore = (at: string, { moments: [first] }: List): boolean =>
  first !== undefined && new Date(at) < new Date(first.from);

/**
 * The first moment after a time at which something is not what it was: sought in what is thinned, then in the stretch that it is in.
 * @param isAsItWas of the state at a time; undefined: now
 */
export async function changeAfter(
  client: QueryClient,
  project: string,
  from: string,
  isAsItWas: (at: string | undefined) => Promise<boolean>,
): Promise<Moment | undefined> {
  let bounds: Bounds = { since: from };
  for (;;) {
    const { moments } = await listOf({ client, project, known: undefined }, bounds);
    const place = placeOf(moments, bounds.since);
    const found = await findChange(place, moments.length, (one) => isAsItWas(moments[one]?.at));
    const [stop, previous] = [moments[found], moments[found - 1]];
    const next: Bounds = {
      since: previous && found - 1 > place ? previous.at : bounds.since,
      until: stop ? beside(stop.at, 1) : bounds.until,
    };
    const isNarrower = next.since !== bounds.since || next.until !== bounds.until;
    if (!isNarrower || !moments.slice(Math.max(found - 1, 0), found + 1).some(isThinned)) return stop;
    bounds = next;
  }
}
