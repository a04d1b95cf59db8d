/**
 * The startup parameter `options`, a command line as PGOPTIONS holds it. PgBouncer never sees it: 1.18 refuses it,
 * and 1.20 to 1.26.0 can be made to spin by it for ever (CVE-2026-107349). What it sets is judged as if it had been
 * given as parameters of their own.
 */
import { Refusal } from './wire.ts';

/** @throws {Refusal} it holds anything else than settings */
export function optionsOf(text: string): readonly (readonly [string, string])[] {
  const words = wordsOf(text);
  const settings: (readonly [string, string])[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    // "-c name=value", "-cname=value" and "--name=value" are the same
    const setting = word === '-c' ? words.shift() : /^(?:-c|--)(.*)$/s.exec(word)?.[1];
    const [, name = '', value] = /^([^=]+)=(.*)$/s.exec(setting ?? '') ?? [];
    if (value === undefined) {
      throw new Refusal(
        'feature_not_supported',
        'the startup parameter "options" may only hold settings, as in "-c TimeZone=UTC"',
      );
    }
    settings.push([name.replaceAll('-', '_'), value]);
  }
  return settings;
}

/** Split at blanks; a backslash takes what follows as it is. */
function wordsOf(text: string): string[] {
  const words = text.match(/(?:\\.|[^\s\\])+/gs) ?? [];
  return words.map((word) => word.replaceAll(/\\(.)/gs, '$1'));
}
