import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type RefObject } from 'react';
import { Icon } from '../../components/icon.tsx';
import { BlobImage } from './blob-image.tsx';
import { isPicture } from './file-kinds.ts';
import styles from './files.module.css';
import type { StoredFile } from './storage-client.ts';
import { useFiles } from './use-files.ts';

/** A folder's sign, a small picture of a picture, or a file's sign. */
export function Thumbnail({ bucket, file }: { readonly bucket: string; readonly file: StoredFile | null }) {
  if (file && isPicture(file.type, file.size)) return <Picture bucket={bucket} file={file} />;
  return (
    <span className={styles['sign']}>
      <Icon name={file ? 'log' : 'folder'} />
    </span>
  );
}

function Picture({ bucket, file }: { readonly bucket: string; readonly file: StoredFile }) {
  const { thumbnail } = useFiles();
  const place = useRef<HTMLSpanElement>(null);
  const isSeen = useSeen(place);
  const { data } = useQuery({ ...thumbnail(bucket, file), enabled: isSeen });
  return (
    <span ref={place} className={styles['sign']}>
      {data ? <BlobImage bytes={data} alt="" /> : <Icon name="chart" />}
    </span>
  );
}

/** Whether it has been on the screen: nobody asks for what nobody has looked at. */
function useSeen(place: RefObject<Element | null>): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (isSeen || !place.current) return undefined;
    const watch = new IntersectionObserver((all) => all.some((one) => one.isIntersecting) && setSeen(true));
    watch.observe(place.current);
    return () => watch.disconnect();
  }, [isSeen, place]);
  return isSeen;
}
