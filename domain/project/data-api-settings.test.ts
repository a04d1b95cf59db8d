import { expect, test } from 'vitest';
import { changeDataApi, DATA_API_DEFAULTS, wholeSettings } from './data-api-settings.ts';
import { DEFAULT_DATA_API_SETTINGS } from './events.ts';

test('what is absent stays, null is the default again, and defaults are not kept', () => {
  const some = changeDataApi(DEFAULT_DATA_API_SETTINGS, { schemas: ['public', 'api'], explain: true });
  expect(some).toEqual({ maxRows: 1000, schemas: ['public', 'api'], explain: true });
  const more = changeDataApi(some, { maxRows: 5, statementTimeoutS: 20, extraSearchPath: [] });
  expect(more).toEqual({ ...some, maxRows: 5, statementTimeoutS: 20, extraSearchPath: [] });
  expect(wholeSettings(more)).toMatchObject({ txEnd: 'commit', aggregates: false, statementTimeoutS: 20 });
  const none = Object.fromEntries(Object.keys(DATA_API_DEFAULTS).map((key) => [key, null]));
  expect(changeDataApi(more, none)).toEqual(DEFAULT_DATA_API_SETTINGS);
  expect(changeDataApi(more, DATA_API_DEFAULTS)).toEqual(DEFAULT_DATA_API_SETTINGS);
});

test('a route that was chosen is kept, also where the platform has the same one', () => {
  for (const route of ['pooler', 'direct'] as const) {
    const chosen = changeDataApi(DEFAULT_DATA_API_SETTINGS, { route });
    expect(chosen).toEqual({ ...DEFAULT_DATA_API_SETTINGS, route });
    expect(changeDataApi(chosen, { maxRows: 5 })).toMatchObject({ route });
    expect(changeDataApi(chosen, { route: null })).toEqual(DEFAULT_DATA_API_SETTINGS);
  }
});
