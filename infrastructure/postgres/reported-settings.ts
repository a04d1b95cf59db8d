import type { EventEmitter } from 'node:events';
import type pg from 'pg';

/** As our SQL is sent and read; PostgreSQL tells, after the message that did it, when one of them is set otherwise. */
const AS_SENT: ReadonlyMap<string, string> = new Map([
  ['client_encoding', 'UTF8'],
  ['standard_conforming_strings', 'on'],
]);
type Setting = 'client_encoding' | 'standard_conforming_strings';

/** Which of the settings that text depends on are not as they were when the session began. */
export class ReportedSettings {
  readonly #changed = new Set<string>();

  constructor(client: pg.Client) {
    const { connection } = client as pg.Client & { readonly connection: EventEmitter };
    connection.on('parameterStatus', (told: { parameterName: string; parameterValue: string }) => {
      const wanted = AS_SENT.get(told.parameterName);
      if (wanted === told.parameterValue) this.#changed.delete(told.parameterName);
      else if (wanted !== undefined) this.#changed.add(told.parameterName);
    });
  }

  has(changed: Setting): boolean {
    return this.#changed.has(changed);
  }

  get first(): Setting | undefined {
    return [...this.#changed][0] as Setting | undefined;
  }
}
