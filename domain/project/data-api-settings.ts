/** What an owner may set of their project's REST API. */
import { DEFAULT_DATA_API_SETTINGS, type DataApiRoute, type DataApiSettings } from './events.ts';

export const DATA_API_ROUTES = ['pooler', 'direct'] as const satisfies readonly DataApiRoute[];

/** `route` null: as the platform has it. */
type Whole = Required<Omit<DataApiSettings, 'route'>> & { readonly route: DataApiRoute | null };

/** Of a project that nobody has set anything for. */
export const DATA_API_DEFAULTS: Whole = {
  ...DEFAULT_DATA_API_SETTINGS,
  statementTimeoutS: 8,
  aggregates: false,
  explain: false,
  txEnd: 'commit',
  extraSearchPath: ['public', 'extensions'],
  route: null,
};

/** What is absent stays as it is; null is the default again. */
export type DataApiChange = { readonly [K in keyof Whole]?: Whole[K] | null | undefined };

/** With the defaults in the place of what is not set. */
export const wholeSettings = (settings: DataApiSettings): Whole => ({
  ...DATA_API_DEFAULTS,
  ...settings,
});

/** As events keep it: what is as everywhere is left out, but for what has been there from the first release on. */
export function changeDataApi(settings: DataApiSettings, change: DataApiChange): DataApiSettings {
  const whole = wholeSettings(settings);
  const changed = <K extends keyof Whole>(key: K): Whole[K] => {
    const wanted: Whole[K] | null | undefined = change[key];
    return wanted === undefined ? whole[key] : (wanted ?? DATA_API_DEFAULTS[key]);
  };
  const unlessDefault = <K extends keyof DataApiSettings>(key: K): Pick<DataApiSettings, K> | undefined => {
    const value = changed(key);
    const isDefault = JSON.stringify(value) === JSON.stringify(DATA_API_DEFAULTS[key]);
    return isDefault ? undefined : ({ [key]: value } as unknown as Pick<DataApiSettings, K>);
  };
  return {
    maxRows: changed('maxRows'),
    schemas: changed('schemas'),
    ...unlessDefault('statementTimeoutS'),
    ...unlessDefault('aggregates'),
    ...unlessDefault('explain'),
    ...unlessDefault('txEnd'),
    ...unlessDefault('extraSearchPath'),
    ...unlessDefault('route'),
  };
}
