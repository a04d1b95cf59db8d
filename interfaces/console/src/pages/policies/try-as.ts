/** SQL of the owner's that runs with the rights of a visitor, and of which nothing stays. */
import { dollarQuoted, literal } from '../../data/quote.ts';
import { looksLikeReading, splitStatements } from '../../data/statements.ts';

export type Visitor =
  | { readonly role: 'anon' }
  | { readonly role: 'service_role' }
  | {
      readonly role: 'authenticated';
      readonly id: string;
      readonly email: string | null;
      /** JSON, as the database has it */
      readonly appMetadata: unknown;
      readonly userMetadata: unknown;
      readonly aal: 'aal1' | 'aal2';
    };

/** As PostgREST hands a token's claims to the database. */
export function claimsOf(visitor: Visitor): string {
  if (visitor.role !== 'authenticated') return JSON.stringify({ role: visitor.role });
  const { id, email, appMetadata, userMetadata, aal } = visitor;
  return JSON.stringify({
    role: 'authenticated',
    aud: 'authenticated',
    sub: id,
    ...(email !== null && { email }),
    app_metadata: appMetadata ?? {},
    user_metadata: userMetadata ?? {},
    aal,
  });
}

export type Trial =
  | {
      readonly kind: 'reads' | 'writes';
      readonly sql: string;
      /** what stands before the statement */ readonly before: number;
    }
  | { readonly kind: 'refused'; readonly reason: 'none' | 'several' };

/**
 * A statement that reads runs in a transaction that can only read, and its rows are the answer. Any other one runs inside
 * of a block that tells by a notice how many rows it touched, and then all is taken back.
 */
export function trial(visitor: Visitor, text: string): Trial {
  const [statement, ...more] = splitStatements(text);
  if (!statement) return { kind: 'refused', reason: 'none' };
  if (more.length > 0) return { kind: 'refused', reason: 'several' };
  const reads = looksLikeReading(statement);
  const before = [
    ...(reads ? ['SET TRANSACTION READ ONLY'] : ['SET LOCAL client_min_messages = notice']),
    `SELECT set_config('request.jwt.claims', ${literal(claimsOf(visitor))}, true)`,
    `SET LOCAL ROLE ${visitor.role}`,
    '',
  ].join(';\n');
  return reads
    ? { kind: 'reads', sql: before + statement.text, before: before.length }
    : { kind: 'writes', sql: `${before}${counted(statement.text)};\nROLLBACK`, before: before.length };
}

const COUNTED = 'launchdb: rows ';

const counted = (text: string): string =>
  `DO ${dollarQuoted(
    `DECLARE touched bigint;
BEGIN
  EXECUTE ${dollarQuoted(text)};
  GET DIAGNOSTICS touched = ROW_COUNT;
  RAISE NOTICE '${COUNTED}%', touched;
END`,
  )}`;

/** How many rows a statement touched before it was taken back. */
export function touchedRows(notices: readonly string[]): number | null {
  const notice = notices.findLast((one) => one.startsWith(COUNTED));
  return notice === undefined ? null : Number(notice.slice(COUNTED.length));
}
