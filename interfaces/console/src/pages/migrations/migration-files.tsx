import { useRef, type ChangeEvent, type DragEvent } from 'react';
import { Button } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { Badge, type Tone } from '../../components/status.tsx';
import { newMigration as texts } from '../../texts/en/migrations.ts';
import { checksum, compareFiles, type ComparedFile, type FileState } from './compare-files.ts';
import styles from './migrations.module.css';
import type { Applied } from './use-migrations.ts';

interface MigrationFilesProps {
  readonly files: readonly ComparedFile[];
  readonly applied: readonly Applied[];
  readonly onFiles: (files: readonly ComparedFile[]) => void;
}

const TONES: Readonly<Record<FileState, Tone>> = {
  pending: 'busy',
  applied: 'good',
  changed: 'bad',
  unnamed: 'warn',
};

/** Files of a folder, and what of them the project does not have. */
export function MigrationFiles({ files, applied, onFiles }: MigrationFilesProps) {
  const chooser = useRef<HTMLInputElement>(null);
  const open = async (list: FileList | null) => {
    const read = await Promise.all(
      [...(list ?? [])].map(async (file) => ({ name: file.name, sql: await file.text() })),
    );
    // hashing is for pages that nobody can have changed on their way
    const hash = isSecureContext ? checksum : undefined;
    if (read.length > 0) onFiles(await compareFiles(read, applied, hash));
  };
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    void open(event.target.files);
    event.target.value = '';
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    void open(event.dataTransfer.files);
  };
  return (
    <div onDragOver={(event) => event.preventDefault()} onDrop={drop} className={styles['files']}>
      <ul className={styles['files']}>
        {files.map(({ name, state }) => (
          <li key={name} className={styles['file']}>
            <Badge tone={TONES[state]}>{texts.states[state]}</Badge>
            <code>{name}</code>
          </li>
        ))}
      </ul>
      {files.some(({ state }) => state === 'changed') && <Notice tone="warn">{texts.changedWords}</Notice>}
      <div className={styles['buttons']}>
        <input
          ref={chooser}
          type="file"
          accept=".sql"
          multiple
          hidden
          aria-label={texts.openFiles}
          onChange={choose}
        />
        <Button small icon="folder" onClick={() => chooser.current?.click()}>
          {texts.openFiles}
        </Button>
        {files.length > 0 ? (
          <Button small icon="close" onClick={() => onFiles([])}>
            {texts.clear}
          </Button>
        ) : (
          <span className={styles['soft']}>{texts.drop}</span>
        )}
      </div>
    </div>
  );
}
