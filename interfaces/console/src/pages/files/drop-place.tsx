import { useState, type DragEvent, type ReactNode } from 'react';
import { toast } from '../../components/toast.ts';
import { files as texts, uploads as words } from '../../texts/en/files.ts';
import { droppedFiles, type LocalFile } from './dropped-files.ts';
import styles from './files.module.css';
import { planUploads } from './plan-uploads.ts';
import { uploadsOf, useFiles } from './use-files.ts';

interface DropPlaceProps {
  readonly bucket: string;
  readonly folder: string;
  readonly children: ReactNode;
}

/** Files that are dropped on it are uploaded into the folder. */
export function DropPlace({ bucket, folder, children }: DropPlaceProps) {
  const upload = useUpload(bucket, folder);
  const [isOver, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    droppedFiles(event.dataTransfer).then(upload, (error: unknown) => toast.failed(texts.upload, error));
  };
  return (
    <div
      className={styles['place']}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={drop}
    >
      {children}
      {isOver && <div className={styles['over']}>{texts.dropHere(`${bucket}/${folder}`)}</div>}
    </div>
  );
}

/** @returns sends files into the folder, and says so where a name could not stay */
export function useUpload(bucket: string, folder: string): (files: readonly LocalFile[]) => void {
  const { project } = useFiles();
  return (files) => {
    const { uploads, renamed } = planUploads(bucket, folder, files);
    uploadsOf(project).queue.add(...uploads);
    if (renamed > 0) toast.done(words.renamed(renamed), words.renamedWords);
  };
}
