import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { logQuery, readLog, type AuditEntry, type AuditQuery, type LogPages } from '../../api/log.ts';
import { withNews } from './days.ts';

const ASK_EVERY_MS = 2_000;
const MOST_NEWS = 500;
/** from here on somebody reads further down, and nothing may move under them: news wait until they are asked for */
const FAR_PX = 160;

export interface ShownLog {
  readonly entries: readonly AuditEntry[];
  readonly isPending: boolean;
  readonly error: Error | null;
  readonly retry: () => void;
  readonly isWhole: boolean;
  /** reads on, unless it is being read or could not be: then whoever looks at it decides */
  readonly more: () => void;
  /** how many have come and are not shown yet */
  readonly held: number;
  readonly release: () => void;
  /** how many have come since the page was opened */
  readonly came: number;
}

const NOTHING: readonly AuditEntry[] = [];

/**
 * The log page by page, and what comes meanwhile.
 * @param isLive whether anything can come that the query lets pass
 */
export function useLog(project: string | undefined, query: AuditQuery, isLive: boolean): ShownLog {
  const options = logQuery(project, query);
  const client = useQueryClient();
  const found = useInfiniteQuery(options);
  const heldKey = [...options.queryKey, 'held'];
  const { data: held } = useQuery({
    queryKey: heldKey,
    queryFn: () => NOTHING,
    initialData: NOTHING,
    enabled: false,
  });
  const entries = found.data?.pages.flatMap((page) => page.entries) ?? NOTHING;
  const put = (news: readonly AuditEntry[]) => {
    client.setQueryData<LogPages>(options.queryKey, (known) => withFirst(known, news));
    client.setQueryData(heldKey, NOTHING);
  };
  const newsKey = [...options.queryKey, 'news'];
  const { data: came = 0 } = useQuery({
    queryKey: newsKey,
    queryFn: async ({ signal }) => {
      const after = (held[0] ?? entries[0])?.position ?? '0';
      const news = await readLog(project, { ...query, after, limit: MOST_NEWS }, signal);
      // more than can be put in without a gap
      if (news.next_cursor !== null) await client.resetQueries({ queryKey: options.queryKey, exact: true });
      else if (scrollY > FAR_PX) client.setQueryData(heldKey, withNews(held, news.entries));
      else if (news.entries.length + held.length > 0) put(withNews(held, news.entries));
      return (client.getQueryData<number>(newsKey) ?? 0) + news.entries.length;
    },
    enabled: isLive && found.isSuccess,
    refetchInterval: ASK_EVERY_MS,
  });
  return {
    entries,
    isPending: found.isPending,
    error: found.error,
    retry: () => void (found.isFetchNextPageError ? found.fetchNextPage() : found.refetch()),
    isWhole: !found.hasNextPage,
    more: () => void (found.hasNextPage && !found.isFetching && !found.isError && found.fetchNextPage()),
    held: held.length,
    release: () => put(held),
    came,
  };
}

function withFirst(known: LogPages | undefined, news: readonly AuditEntry[]): LogPages | undefined {
  const first = known?.pages[0];
  if (!first) return known;
  const page = { ...first, entries: [...withNews(first.entries, news)] };
  return { ...known, pages: [page, ...known.pages.slice(1)] };
}
