import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Bytes, ExactTime } from '../../components/amounts.tsx';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { KeyValueList } from '../../components/key-value.tsx';
import { Notice } from '../../components/notice.tsx';
import { Skeleton } from '../../components/states.tsx';
import { files as texts } from '../../texts/en/files.ts';
import { BlobImage } from './blob-image.tsx';
import { previewOf } from './file-kinds.ts';
import styles from './files.module.css';
import { nameOf } from './object-paths.ts';
import type { StoredFile } from './storage-client.ts';
import { useDownload } from './use-download.ts';
import { useFiles } from './use-files.ts';

interface FilePreviewProps {
  readonly bucket: string;
  readonly file: StoredFile;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

/** A picture or a text as it is, and of any other file what it is. Nothing of it is run. */
export function FilePreview({ bucket, file, ...opening }: FilePreviewProps) {
  const download = useDownload(bucket);
  const { path, size, type, changedAt } = file;
  return (
    <Dialog
      {...opening}
      wide
      title={nameOf(path)}
      footer={
        <Button icon="download" onClick={() => download(path)}>
          {texts.download}
        </Button>
      }
    >
      <Content bucket={bucket} file={file} />
      <KeyValueList
        items={[
          { key: texts.wholePath, value: <code>{path}</code> },
          { key: texts.size, value: size === null ? texts.unknown : <Bytes value={size} /> },
          { key: texts.type, value: type ?? texts.unknown },
          { key: texts.changed, value: changedAt === null ? texts.unknown : <ExactTime at={changedAt} /> },
        ]}
      />
    </Dialog>
  );
}

function Content({ bucket, file }: { readonly bucket: string; readonly file: StoredFile }) {
  const { bytes } = useFiles();
  const preview = previewOf(file.type, file.size);
  const found = useQuery({ ...bytes(bucket, file), enabled: preview !== 'none' });
  if (preview === 'none') return <Notice>{texts.noPreview}</Notice>;
  if (found.isError) return <Notice tone="bad" title={texts.previewFailed} error={found.error} />;
  return (
    <div className={styles['preview']}>
      {!found.data ? (
        <Skeleton height="160px" />
      ) : preview === 'picture' ? (
        <BlobImage bytes={found.data} alt={nameOf(file.path)} />
      ) : (
        <Text bytes={found.data} name={nameOf(file.path)} />
      )}
    </div>
  );
}

function Text({ bytes, name }: { readonly bytes: Blob; readonly name: string }) {
  const [text, setText] = useState<string>();
  useEffect(() => {
    let isWanted = true;
    void bytes.text().then((read) => isWanted && setText(read));
    return () => {
      isWanted = false;
    };
  }, [bytes]);
  return <div className={styles['text']}>{text !== undefined && <CodeBlock label={name} code={text} />}</div>;
}
