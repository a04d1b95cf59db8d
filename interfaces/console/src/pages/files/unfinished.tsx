/** Uploads that ended with an earlier visit before they were whole: where they go on, and how far they are. */
import { useSyncExternalStore } from 'react';
import { Link } from 'wouter';
import { bytesText } from '../../components/amounts.tsx';
import { IconButton } from '../../components/button.tsx';
import { toast } from '../../components/toast.ts';
import { uploads as texts } from '../../texts/en/files.ts';
import styles from './files.module.css';
import { folderOf, nameOf } from './object-paths.ts';
import { placeOf } from './place.ts';
import type { UnfinishedUpload } from './unfinished-uploads.ts';
import { uploadsOf, useFiles } from './use-files.ts';

export function Unfinished() {
  const { project, client } = useFiles();
  const { queue, unfinished } = uploadsOf(project);
  const under = useSyncExternalStore(queue.subscribe, queue.snapshot);
  const kept = useSyncExternalStore(unfinished.subscribe, unfinished.snapshot);
  const left = kept.filter((one) => !under.some(({ bucket, path }) => isSame(one, { bucket, path })));
  if (left.length === 0) return null;
  const giveUp = (upload: UnfinishedUpload) => {
    unfinished.forget(upload);
    client.giveUp(upload.place).catch((error: unknown) => toast.failed(texts.unfinished, error));
  };
  return (
    <section className={styles['uploads']} aria-label={texts.unfinished}>
      <h2>{texts.unfinished}</h2>
      <p className={styles['soft']}>{texts.unfinishedWords}</p>
      <ul>
        {left.map((upload) => (
          <li key={`${upload.bucket}/${upload.path}`} className={styles['upload']}>
            <span className={styles['uploadName']}>
              <Link href={placeOf(project, upload.bucket, folderOf(upload.path))}>
                {upload.bucket}/{upload.path}
              </Link>{' '}
              <span className={styles['soft']}>
                {bytesText(upload.sent)} / {bytesText(upload.size)}
              </span>
            </span>
            <IconButton
              icon="close"
              small
              label={texts.giveUp(nameOf(upload.path))}
              onClick={() => giveUp(upload)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

type Placed = Pick<UnfinishedUpload, 'bucket' | 'path'>;
const isSame = (a: Placed, b: Placed): boolean => a.bucket === b.bucket && a.path === b.path;
