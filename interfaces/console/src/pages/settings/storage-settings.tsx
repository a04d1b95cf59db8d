import { bytesText } from '../../components/amounts.tsx';
import { storageFields } from '../../texts/en/setting-fields.ts';
import { storageSettings as texts } from '../../texts/en/settings.ts';
import { Read } from './read-settings.tsx';
import { S3Keys } from './s3-keys.tsx';
import { FormSection } from './settings-form.tsx';
import type { Field } from './settings-fields.ts';
import styles from './settings.module.css';
import { useSettings, type StorageSettings } from './use-settings.ts';

const FIELDS: readonly Field[] = [
  { kind: 'size', path: 'file_size_limit' },
  { kind: 'size', path: 'total_bytes' },
  { kind: 'number', path: 'files', nullable: true },
  { kind: 'switch', path: 'image_transformation' },
  { kind: 'switch', path: 's3' },
];

export function StorageSettingsForms() {
  const { queries, change } = useSettings();
  return (
    <Read query={queries.storage as never}>
      {({ settings, limits }: StorageSettings) => (
        <>
          <FormSection
            title={texts.title}
            description={texts.description}
            fields={FIELDS}
            words={(path) => storageFields[path] ?? { label: path }}
            saved={settings}
            pointer="/body/settings"
            send={(changed) => change('storage', changed)}
          >
            <p className={styles['soft']}>
              {texts.inForce(
                bytesText(limits.file_size),
                limits.total_bytes === null ? texts.any : bytesText(limits.total_bytes),
                limits.files === null ? texts.any : limits.files.toLocaleString('en'),
              )}
            </p>
          </FormSection>
          <S3Keys />
        </>
      )}
    </Read>
  );
}
