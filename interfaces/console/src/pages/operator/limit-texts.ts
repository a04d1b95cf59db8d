import type { MayUse } from '../../api/operator.ts';

export type Limit = keyof MayUse['own'];

export const LIMITS: readonly Limit[] = [
  'database_size_mb',
  'connections',
  'statement_timeout_s',
  'storage_size_mb',
  'files',
];

/** null, the platform's, is an empty field */
export const textOf = (value: number | null): string => (value === null ? '' : String(value));

/** @returns undefined: it is no limit */
export function limitOf(text: string): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  return /^\d{1,10}$/.test(trimmed) ? Number(trimmed) : undefined;
}
