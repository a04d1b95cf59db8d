import pino from 'pino';
import type { Log } from '../../application/ports/log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogDestination {
  write(line: string): void;
}

const SECRET_NAME =
  /passw|passphrase|secret|token|authorization|cookie|api_?key|master_?key|private_?key|verifier|credential/i;
const REDACTED = '[redacted]';
const MAX_DEPTH = 6;
const MAX_TEXT = 4_000;
const MAX_ITEMS = 100;

/** What gives a secret or a person away wherever it stands: a URL's password, a JWT, a SCRAM verifier, a bearer token, an address. */
const SECRET_TEXT: readonly [RegExp, string][] = [
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@]+@/gi, `$1${REDACTED}@`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, REDACTED],
  [/SCRAM-SHA-256\$[^\s"']+/g, REDACTED],
  [/\bBearer\s+\S+/gi, `Bearer ${REDACTED}`],
  // no address is longer; without a bound a long text would take long
  [/[^\s"'`<>@,;:=()[\]{}/\\]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.)+\p{L}{2,63}/gu, '[address]'],
];

/** One JSON object a line. Secrets are kept out by their names and by their looks; nothing is unbounded. */
export function pinoLog(options: { level: LogLevel; destination?: LogDestination }): Log {
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination ?? pino.destination({ sync: false, minLength: 0 }),
  );
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: Record<string, unknown>, message: string): void => {
      if (logger.isLevelEnabled(level)) logger[level](clean(fields, 0) as object, cleanText(message));
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value;
  if (depth > MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return cleanError(value, depth);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => clean(item, depth + 1));
  if (ArrayBuffer.isView(value)) return '[bytes]';
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    entries.map(([name, item]) => [name, SECRET_NAME.test(name) ? REDACTED : clean(item, depth + 1)]),
  );
}

/** Only what every error has: drivers hang rows, parameters and connection settings on theirs. */
function cleanError(error: Error, depth: number): Record<string, unknown> {
  const { code } = error as { code?: unknown };
  return {
    kind: error.name,
    message: cleanText(error.message),
    ...(typeof code === 'string' && { code }),
    stack: cleanText(error.stack ?? ''),
    ...(error.cause !== undefined && { cause: clean(error.cause, depth + 1) }),
  };
}

function cleanText(text: string): string {
  let cleaned = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
  for (const [pattern, replacement] of SECRET_TEXT) cleaned = cleaned.replace(pattern, replacement);
  return cleaned;
}
