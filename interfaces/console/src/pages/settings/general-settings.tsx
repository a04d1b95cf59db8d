import { useQuery } from '@tanstack/react-query';
import type { Project } from '../../api/api.ts';
import { Section } from '../../components/page.tsx';
import { bytesText, Meter } from '../../components/amounts.tsx';
import { KeyValueList } from '../../components/key-value.tsx';
import { general as texts } from '../../texts/en/settings.ts';
import { Read } from './read-settings.tsx';
import { FormSection } from './settings-form.tsx';
import type { Field } from './settings-fields.ts';
import styles from './settings.module.css';
import { useSettings } from './use-settings.ts';

const NAME: readonly Field[] = [{ kind: 'text', path: 'display_name' }];

export function GeneralSettings() {
  const { queries, changeProject } = useSettings();
  return (
    <Read query={queries.project as never}>
      {(project: Project) => (
        <>
          <FormSection
            title={texts.name}
            description={texts.nameDescription}
            fields={NAME}
            words={() => ({ label: texts.displayName })}
            saved={{ display_name: project.display_name }}
            pointer="/body"
            send={(change) => changeProject({ display_name: change['display_name'] as string })}
          />
          <Limits project={project} />
        </>
      )}
    </Read>
  );
}

function Limits({ project: { limits, usage } }: { readonly project: Project }) {
  const { queries } = useSettings();
  const files = useQuery(queries.storage).data?.limits;
  const used = (label: string, value: number | null, most: number | null | undefined) => (
    <div className={styles['usage']}>
      {texts.databaseOf(
        value === null ? texts.unknown : bytesText(value),
        typeof most === 'number' ? bytesText(most) : texts.noLimit,
      )}
      <Meter label={label} value={value ?? 0} most={most ?? null} />
    </div>
  );
  return (
    <Section title={texts.limits} description={texts.limitsDescription}>
      <KeyValueList
        items={[
          {
            key: texts.database,
            value: used(texts.database, usage.database_size_bytes, limits.database_size_bytes),
          },
          { key: texts.files, value: used(texts.files, usage.storage_bytes, files?.total_bytes) },
          {
            key: texts.fileCount,
            value: texts.databaseOf(
              usage.storage_files?.toLocaleString('en') ?? texts.unknown,
              files?.files?.toLocaleString('en') ?? texts.noLimit,
            ),
          },
          { key: texts.largestFile, value: files ? bytesText(files.file_size) : texts.unknown },
          { key: texts.connections, value: limits.connections },
          { key: texts.statementTime, value: `${limits.statement_timeout_s} s` },
        ]}
      />
    </Section>
  );
}
