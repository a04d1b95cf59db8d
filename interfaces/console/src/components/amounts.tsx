/** Times and sizes, as people say them. */
import { useSyncExternalStore } from 'react';
import styles from './amounts.module.css';

const TICK_MS = 20_000;
const listeners = new Set<() => void>();
let clock: ReturnType<typeof setInterval> | undefined;
let now = new Date();

/** One clock for all of them. Where none was on the page for a while it has stood still. */
function current(): Date {
  const at = new Date();
  if (at.getTime() - now.getTime() >= TICK_MS) now = at;
  return now;
}

function subscribe(heard: () => void): () => void {
  listeners.add(heard);
  clock ??= setInterval(() => {
    now = new Date();
    for (const listener of listeners) listener();
  }, TICK_MS);
  return () => {
    listeners.delete(heard);
    if (listeners.size > 0) return;
    clearInterval(clock);
    clock = undefined;
  };
}

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });

/** `3 min. ago`, `in 2 days`, `now` */
export function relativeTime(at: Date, from: Date): string {
  const seconds = (at.getTime() - from.getTime()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  if (unit === 'second') return relative.format(0, 'second');
  return relative.format(Math.trunc(seconds / size), unit);
}

/** How long ago or ahead, with the exact time for who points at it. */
export function RelativeTime({ at }: { readonly at: string | Date }) {
  const time = new Date(at);
  const seen = useSyncExternalStore(subscribe, current);
  // what happened after the last tick is not in the future
  const from = Math.abs(time.getTime() - seen.getTime()) < TICK_MS ? time : seen;
  return (
    <time dateTime={time.toISOString()} title={exact.format(time)}>
      {relativeTime(time, from)}
    </time>
  );
}

export function ExactTime({ at }: { readonly at: string | Date }) {
  const time = new Date(at);
  return <time dateTime={time.toISOString()}>{exact.format(time)}</time>;
}

const TIME_IN_WORDS = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** What the platform says, with its times (RFC 3339) as the reader's own: `until Dec 7, 2026, 2:45:29 AM`. */
export const withLocalTimes = (words: string): string =>
  words.replace(TIME_IN_WORDS, (found) => {
    const time = new Date(found);
    return Number.isNaN(time.getTime()) ? found : exact.format(time);
  });

const SIZES = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `7.6 MiB`: three digits at most */
export function bytesText(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), SIZES.length - 1);
  const amount = bytes / 1024 ** power;
  const digits = power === 0 || amount >= 100 ? 0 : 1;
  return `${amount.toLocaleString('en', { maximumFractionDigits: digits })} ${SIZES[power]}`;
}

export function Bytes({ value }: { readonly value: number }) {
  return (
    <data value={value} title={`${value.toLocaleString('en')} bytes`}>
      {bytesText(value)}
    </data>
  );
}

/** `850 ms`, `1.2 s`, `3 min` */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

interface MeterProps {
  readonly value: number;
  /** null: there is no limit, and no bar */
  readonly most: number | null;
  readonly label: string;
}

/** How much of what one may have is used. */
export function Meter({ value, most, label }: MeterProps) {
  if (most === null || most === 0) return null;
  const part = Math.min(1, value / most);
  const tone = part >= 0.95 ? 'full' : part >= 0.8 ? 'near' : 'fine';
  return (
    <div
      className={styles['meter']}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={most}
      aria-valuenow={value}
    >
      <div className={styles[tone]} style={{ width: `${Math.max(part * 100, value > 0 ? 1 : 0)}%` }} />
    </div>
  );
}
