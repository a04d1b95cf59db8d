/** What a page of the audit trail costs when the log is long: anywhere in one owner's, with and without a filter. */
import { liveTarget } from '../../../projections/projection.ts';
import { auditOf } from '../../../projections/audit-trail/queries.ts';
import { rebuild } from '../../../projections/rebuild.ts';
import { views } from '../../composition/views.ts';
import { longLog } from '../log-under-bench.ts';
import { idOf, ownerOf, OWNERS } from '../long-log.ts';
import type { Context, Group, Section } from '../section.ts';
import { timed } from '../timed.ts';

const PAGES = { quick: 20, whole: 200 };
const BY_KEY = 'the same number of rows by the primary key';

export const section: Section = {
  name: 'audit',
  summary: 'a page of 100 entries of one owner, with and without filters; beside 100 rows by the primary key',
  groups: [{ name: 'pages', main: true, prepare: pages }],
};

async function pages(context: Context): Promise<Group> {
  const { server, store } = await longLog(context);
  const view = views.find(({ name }) => name === 'audit-trail');
  if (!view) throw new Error('no audit trail');
  const { schema } = liveTarget(view);
  const { rows } = await server.pool.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
  if (rows.length === 0) await rebuild(view, store, server.pool);
  const count = context.quick ? PAGES.quick : PAGES.whole;
  return {
    ways: {
      page: async () => {
        const ms: number[] = [];
        let cursor: string | undefined;
        for (let nth = 0; nth < count; nth++) {
          const query = { ownerId: ownerOf(0), limit: 100, ...filterOf(nth, cursor) };
          ms.push(
            await timed(async () => {
              const page = await auditOf(server.pool, query);
              if (nth % 4 === 0) cursor = page.nextCursor ?? undefined;
            }),
          );
        }
        return { ms };
      },
      [BY_KEY]: async () => {
        const ms: number[] = [];
        for (let nth = 0; nth < count; nth++)
          ms.push(
            await timed(() =>
              server.pool.query('SELECT * FROM log.events WHERE position > $1 ORDER BY position LIMIT 100', [
                nth * 100,
              ]),
            ),
          );
        return { ms };
      },
    },
    figures: [
      {
        name: 'a page of 100 audit entries, p99',
        unit: 'ms',
        of: ['page', 'ms'],
        quantile: 0.99,
        goal: { valueAtMost: 10 },
      },
      { name: 'a page of 100 audit entries, p50', unit: 'ms', of: ['page', 'ms'], beside: [BY_KEY, 'ms'] },
    ],
  };
}

function filterOf(nth: number, cursor: string | undefined) {
  const filters = [
    cursor === undefined ? {} : { cursor },
    { type: 'ProjectRenamed' },
    { projectId: idOf(nth * OWNERS) },
    { until: new Date() },
  ];
  return filters[nth % filters.length];
}
