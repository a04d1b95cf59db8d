/** Uploads of the project that are under way, or have ended; they go on while other pages are looked at. */
import { useEffect, useSyncExternalStore } from 'react';
import { isProblem } from '../../api/problem.ts';
import { bytesText } from '../../components/amounts.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { wordsOf } from '../../api/words-of.ts';
import { uploads as texts } from '../../texts/en/files.ts';
import styles from './files.module.css';
import { nameOf } from './object-paths.ts';
import type { Upload, UploadQueue } from './upload-queue.ts';
import { uploadsOf, useFiles } from './use-files.ts';

export function Uploads() {
  const { project } = useFiles();
  const { queue } = uploadsOf(project);
  const all = useSyncExternalStore(queue.subscribe, queue.snapshot);
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      if (queue.isBusy) event.preventDefault();
    };
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [queue]);
  if (all.length === 0) return null;
  const done = all.filter(({ state }) => state === 'done').length;
  return (
    <section className={styles['uploads']} aria-label={texts.title}>
      <div className={styles['uploadsHead']}>
        <h2>{texts.title}</h2>
        <span role="status" className={styles['soft']}>
          {texts.summary(done, all.length)}
        </span>
        {done > 0 && (
          <Button small onClick={() => queue.clearDone()}>
            {texts.clear}
          </Button>
        )}
      </div>
      <ul>
        {all.map((upload) => (
          <UploadRow key={upload.id} upload={upload} queue={queue} />
        ))}
      </ul>
    </section>
  );
}

function UploadRow({ upload, queue }: { readonly upload: Upload; readonly queue: UploadQueue }) {
  const { state, sent, size, path, error } = upload;
  const name = nameOf(path);
  return (
    <li className={styles['upload']}>
      <span className={styles['uploadName']}>
        {name}{' '}
        <span className={styles['soft']}>
          {texts.states[state]} · {bytesText(sent)} / {bytesText(size)}
        </span>
      </span>
      <UploadButtons upload={upload} queue={queue} />
      {state !== 'done' && (
        <progress
          className={styles['bar']}
          aria-label={texts.progress(name)}
          value={sent}
          max={Math.max(1, size)}
        />
      )}
      {state === 'failed' && (
        <span className={styles['bad']} role="alert">
          {isProblem(error, 'ResourceAlreadyExists') ? texts.exists : wordsOf(error)}
        </span>
      )}
    </li>
  );
}

function UploadButtons({ upload, queue }: { readonly upload: Upload; readonly queue: UploadQueue }) {
  const { id, state, path, error } = upload;
  const name = nameOf(path);
  const isThere = isProblem(error, 'ResourceAlreadyExists');
  return (
    <span className={styles['buttons']}>
      {state === 'sending' && (
        <IconButton icon="pause" small label={texts.pause(name)} onClick={() => void queue.pause(id)} />
      )}
      {state === 'paused' && (
        <IconButton icon="play" small label={texts.resume(name)} onClick={() => queue.resume(id)} />
      )}
      {state === 'failed' && isThere && (
        <Button small onClick={() => queue.replace(id)}>
          {texts.replace}
        </Button>
      )}
      {state === 'failed' && !isThere && (
        <IconButton icon="refresh" small label={texts.retry(name)} onClick={() => queue.resume(id)} />
      )}
      <IconButton
        icon="close"
        small
        label={state === 'done' || state === 'failed' ? texts.takeOff(name) : texts.cancel(name)}
        onClick={() => void queue.cancel(id).catch(() => {})}
      />
    </span>
  );
}
