/** Where a profile's time goes: by part, and by function. Everything here is pure. */
import type { CpuProfile } from './cpu-profile.ts';

const PARTS = {
  idle: 'idle',
  gc: 'garbage collection',
  program: 'outside of JavaScript',
  ours: 'our code',
  driver: 'PostgreSQL driver',
  crypto: 'crypto',
  node: 'Node.js itself',
  packages: 'other packages',
} as const;

export interface Share {
  readonly name: string;
  readonly ms: number;
}

export interface ProfileSummary {
  readonly ms: number;
  readonly parts: readonly Share[];
  /** without what is idle */
  readonly functions: readonly Share[];
}

type Node = CpuProfile['nodes'][number];

/** @param root the repository's folder, with a slash at its end */
export function summaryOf(profile: CpuProfile, root: string): ProfileSummary {
  const spent = selfMs(profile);
  const parents = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node])),
  );
  const [parts, functions] = [new Map<string, number>(), new Map<string, number>()];
  for (const node of profile.nodes) {
    const ms = spent.get(node.id) ?? 0;
    if (ms === 0) continue;
    const part = partOf(node, parents, root);
    add(parts, part, ms);
    if (part !== PARTS.idle) add(functions, nameOf(node, root), ms);
  }
  const ms = [...spent.values()].reduce((sum, one) => sum + one, 0);
  return { ms, parts: largestFirst(parts), functions: largestFirst(functions) };
}

function selfMs({ samples = [], timeDeltas = [] }: CpuProfile): Map<number, number> {
  const spent = new Map<number, number>();
  // a sample stands for the time until the next one
  samples.forEach((id, nth) => add(spent, id, Math.max(0, timeDeltas[nth + 1] ?? 0) / 1_000));
  return spent;
}

function partOf(node: Node, parents: ReadonlyMap<number, Node>, root: string): string {
  const { functionName, url } = node.callFrame;
  if (functionName === '(idle)') return PARTS.idle;
  if (functionName === '(garbage collector)') return PARTS.gc;
  if (functionName === '(program)' || functionName === '(root)') return PARTS.program;
  // built in: it works for whoever called it
  const parent = parents.get(node.id);
  if (url === '') return parent ? partOf(parent, parents, root) : PARTS.program;
  if (/\/node_modules\/pg(-[a-z]+)*\//.test(url)) return PARTS.driver;
  if (/\/node_modules\/(argon2|bcrypt|jose)\//.test(url) || /^node:(internal\/)?crypto/.test(url))
    return PARTS.crypto;
  if (url.includes('/node_modules/')) return PARTS.packages;
  if (url.startsWith('node:')) return PARTS.node;
  return pathOf(url).startsWith(root) ? PARTS.ours : PARTS.packages;
}

const pathOf = (url: string): string => (url.startsWith('file://') ? decodeURIComponent(url.slice(7)) : url);

function nameOf({ callFrame: { functionName, url, lineNumber } }: Node, root: string): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${pathOf(url).replace(root, '')}:${lineNumber + 1}`;
}

function add<Key>(to: Map<Key, number>, key: Key, ms: number): void {
  to.set(key, (to.get(key) ?? 0) + ms);
}

const largestFirst = (spent: ReadonlyMap<string, number>): Share[] =>
  [...spent].map(([name, ms]) => ({ name, ms })).toSorted((a, b) => b.ms - a.ms);

/** Shares are of the time that is not idle. @param most so many functions */
export function summaryText(who: string, { ms, parts, functions }: ProfileSummary, most = 15): string {
  const busy = functions.reduce((sum, one) => sum + one.ms, 0);
  const share = (one: Share) => `${((one.ms / busy) * 100).toFixed(1).padStart(5)} %  ${one.name}`;
  const working = parts.filter(({ name }) => name !== PARTS.idle);
  const lines = [...working.map(share), '', ...functions.slice(0, most).map(share)];
  const head = `  profile of ${who}: busy for ${(busy / 1_000).toFixed(1)} s of ${(ms / 1_000).toFixed(1)} s`;
  return [head, ...lines.map((line) => `    ${line}`.trimEnd())].join('\n');
}
