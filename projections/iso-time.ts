const MINUTE_MS = 60_000;
/** `SS.mmmZ` */
const REST = -7;

let minute = Number.NaN;
let beginning = '';

/**
 * What `date.toISOString()` gives, in a fifth of the time where many dates of the same minute come one after another.
 * @throws {RangeError} the date is not one
 */
export function isoTime(date: Date): string {
  const ms = date.getTime();
  const its = Math.floor(ms / MINUTE_MS);
  if (its !== minute) {
    beginning = date.toISOString().slice(0, REST);
    minute = its;
  }
  const rest = String(100_000 + ms - its * MINUTE_MS);
  return `${beginning}${rest.slice(1, 3)}.${rest.slice(3)}Z`;
}
