import type { Project } from '../../api/api.ts';
import { Notice } from '../../components/notice.tsx';
import { dataApiFields } from '../../texts/en/setting-fields.ts';
import { dataApi as texts } from '../../texts/en/settings.ts';
import { Read } from './read-settings.tsx';
import { FormSection } from './settings-form.tsx';
import type { Field } from './settings-fields.ts';
import { useSettings } from './use-settings.ts';

const FIELDS: readonly Field[] = [
  { kind: 'lines', path: 'schemas' },
  { kind: 'lines', path: 'extra_search_path' },
  { kind: 'number', path: 'max_rows' },
  { kind: 'number', path: 'statement_timeout_s' },
  { kind: 'switch', path: 'aggregates' },
  { kind: 'switch', path: 'explain' },
  {
    kind: 'one',
    path: 'tx_end',
    of: ['commit', 'commit-allow-override', 'rollback', 'rollback-allow-override'],
  },
  { kind: 'one', path: 'route', of: ['', 'pooler', 'direct'] },
];

export function ApiSettings() {
  const { queries, changeProject } = useSettings();
  return (
    <Read query={queries.project as never}>
      {({ settings, missing_schemas: missing }: Project) => (
        <FormSection
          title={texts.title}
          description={texts.description}
          fields={FIELDS}
          words={(path) => dataApiFields[path] ?? { label: path }}
          saved={settings.data_api}
          pointer="/body/settings/data_api"
          send={(change) => changeProject({ settings: { data_api: change } })}
          busyWords={texts.restarts}
        >
          {missing !== null && missing.length > 0 && (
            <Notice tone="warn">{texts.missing(missing.join(', '))}</Notice>
          )}
        </FormSection>
      )}
    </Read>
  );
}
