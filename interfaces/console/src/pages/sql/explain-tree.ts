/** What EXPLAIN (FORMAT JSON) answers, as a tree whose nodes tell what they cost by themselves. */
import { ExactNumber } from '../../api/exact-json.ts';

export interface PlanNode {
  readonly title: string;
  /** the table or index that it reads, if any */
  readonly on: string | null;
  /** conditions and keys, as PostgreSQL writes them */
  readonly details: readonly { readonly label: string; readonly text: string }[];
  readonly plannedRows: number;
  /** in all loops together; null: it was not run */
  readonly actualRows: number | null;
  readonly loops: number | null;
  readonly cost: number;
  /** with all below it, in all loops */
  readonly totalMs: number | null;
  /** without what is below it */
  readonly selfMs: number | null;
  /** of the whole: by time, or by cost where it was not run; 0 to 1 */
  readonly share: number;
  readonly buffers: { readonly hit: number; readonly read: number } | null;
  readonly children: readonly PlanNode[];
}

export interface Plan {
  readonly root: PlanNode;
  readonly planningMs: number | null;
  readonly executionMs: number | null;
}

type Json = Readonly<Record<string, unknown>>;

/** @returns null where it is no plan */
export function parsePlan(document: unknown): Plan | null {
  const top: unknown = Array.isArray(document) ? document[0] : undefined;
  if (!isObject(top) || !isObject(top['Plan'])) return null;
  const node = top['Plan'];
  const whole = { ms: totalMs(node), cost: amount(node, 'Total Cost') ?? 0 };
  return {
    root: nodeOf(node, whole),
    planningMs: amount(top, 'Planning Time'),
    executionMs: amount(top, 'Execution Time'),
  };
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** One that is written with a zero at its end came as it was written. */
function amount(node: Json, name: string): number | null {
  const value = node[name];
  if (value instanceof ExactNumber) return Number(value.text);
  return typeof value === 'number' ? value : null;
}
const text = (node: Json, name: string): string | null =>
  typeof node[name] === 'string' ? node[name] : null;

/** PostgreSQL tells the time of one loop, on average. */
function totalMs(node: Json): number | null {
  const [time, loops] = [amount(node, 'Actual Total Time'), amount(node, 'Actual Loops')];
  return time === null || loops === null ? null : time * loops;
}

function nodeOf(node: Json, whole: { readonly ms: number | null; readonly cost: number }): PlanNode {
  const below = (Array.isArray(node['Plans']) ? node['Plans'] : []).filter(isObject);
  const children = below.map((child) => nodeOf(child, whole));
  const ms = totalMs(node);
  const sum = (of: (child: PlanNode) => number | null) =>
    children.reduce((total, child) => total + (of(child) ?? 0), 0);
  const selfMs = ms === null ? null : Math.max(0, ms - sum((child) => child.totalMs));
  const cost = amount(node, 'Total Cost') ?? 0;
  const selfCost = Math.max(0, cost - sum((child) => child.cost));
  const loops = amount(node, 'Actual Loops');
  const rows = amount(node, 'Actual Rows');
  return {
    title: titleOf(node),
    on: onOf(node),
    details: detailsOf(node),
    plannedRows: amount(node, 'Plan Rows') ?? 0,
    actualRows: rows === null || loops === null ? null : rows * loops,
    loops,
    cost,
    totalMs: ms,
    selfMs,
    share: whole.ms === null ? shareOf(selfCost, whole.cost) : shareOf(selfMs ?? 0, whole.ms),
    buffers: buffersOf(node),
    children,
  };
}

const shareOf = (part: number, whole: number): number => (whole > 0 ? Math.min(1, part / whole) : 0);

function titleOf(node: Json): string {
  const type = text(node, 'Node Type') ?? '?';
  const join = text(node, 'Join Type');
  const words = [
    node['Parallel Aware'] === true ? 'Parallel' : '',
    text(node, 'Strategy') === 'Hashed' ? 'Hash' : '',
    type === 'ModifyTable' ? (text(node, 'Operation') ?? type) : type,
    join !== null && join !== 'Inner' ? `(${join})` : '',
  ];
  const subplan = text(node, 'Subplan Name');
  return `${subplan === null ? '' : `${subplan}: `}${words.filter(Boolean).join(' ')}`;
}

function onOf(node: Json): string | null {
  const relation = text(node, 'Relation Name') ?? text(node, 'CTE Name') ?? text(node, 'Function Name');
  const alias = text(node, 'Alias');
  const named = relation !== null && alias !== null && alias !== relation ? `${relation} ${alias}` : relation;
  const index = text(node, 'Index Name');
  return [named, index && `by ${index}`].filter(Boolean).join(' ') || null;
}

const DETAILS = [
  'Index Cond',
  'Recheck Cond',
  'Hash Cond',
  'Merge Cond',
  'Join Filter',
  'Filter',
  'One-Time Filter',
  'TID Cond',
  'Sort Key',
  'Presorted Key',
  'Group Key',
  'Sort Method',
  'Rows Removed by Filter',
  'Rows Removed by Join Filter',
  'Rows Removed by Index Recheck',
  'Heap Fetches',
  'Sort Space Used',
  'Workers Planned',
  'Workers Launched',
] as const;

function detailsOf(node: Json) {
  return DETAILS.flatMap((label) => {
    const value = node[label];
    if (
      value === undefined ||
      value === null ||
      (String(value as number) === '0' && label.startsWith('Rows Removed'))
    )
      return [];
    return [
      {
        label,
        text: Array.isArray(value) ? value.join(', ') : String(value as string | number | ExactNumber),
      },
    ];
  });
}

function buffersOf(node: Json): PlanNode['buffers'] {
  const [hit, read] = [amount(node, 'Shared Hit Blocks'), amount(node, 'Shared Read Blocks')];
  return hit === null || read === null ? null : { hit, read };
}

/** How far the planner was off, as a factor of 10 and more; null where it was not. */
export function misjudged({ plannedRows, actualRows, loops }: PlanNode): number | null {
  if (actualRows === null || loops === null || loops === 0) return null;
  const [planned, actual] = [Math.max(1, plannedRows), Math.max(1, actualRows / loops)];
  const factor = Math.max(planned / actual, actual / planned);
  return factor >= 10 ? Math.round(factor) : null;
}
