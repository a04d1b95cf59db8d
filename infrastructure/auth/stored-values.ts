/** What stands in rows, whoever wrote them, as what ours are. */
import { isIP } from 'node:net';
import type { JsonObject } from '../../domain/auth/user.ts';

export const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
export const nonEmpty = (value: unknown): string | null => text(value) || null;

const [LATEST, EARLIEST] = [new Date('9999-12-31T23:59:59.999Z'), new Date(0)];

/** PostgreSQL knows `infinity`, and years that JavaScript, or RFC 3339, has no text for. */
export function time(value: unknown): Date | null {
  if (value === null || value === undefined) return null;
  if (value === -Infinity) return EARLIEST;
  if (!(value instanceof Date) || Number.isNaN(value.getTime()) || value > LATEST) return LATEST;
  return value.getTime() < -62_135_596_800_000 ? EARLIEST : value;
}

export const timeOr = (value: unknown, other: Date | null): Date => time(value) ?? other ?? EARLIEST;

export const object = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

/** What PostgreSQL takes for an address. */
export const addressOr =
  <Other>(other: Other) =>
  (value: unknown): string | Other =>
    typeof value === 'string' && isIP(value) !== 0 && !value.includes('%') ? value : other;
