import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Notice } from '../../components/notice.tsx';
import { Select } from '../../components/select.tsx';
import { Checkbox } from '../../components/toggle.tsx';
import { files as texts } from '../../texts/en/files.ts';
import styles from './files.module.css';
import { encodePath, nameOf } from './object-paths.ts';
import type { StoredFile } from './storage-client.ts';
import { useFiles } from './use-files.ts';

interface FileLinkProps {
  readonly bucket: string;
  readonly file: StoredFile;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

type Life = keyof typeof texts.lives;
const LIVES = Object.entries(texts.lives).map(([value, label]) => ({ value: value as Life, label }));

/** A link by which anybody may read the file for as long as was said. */
export function FileLink({ bucket, file, ...opening }: FileLinkProps) {
  const { client, settings, buckets } = useFiles();
  const address = useQuery(settings).data?.storage_url;
  const isPublic = useQuery(buckets).data?.find(({ id }) => id === bucket)?.public === true;
  const [life, setLife] = useState<Life>('3600');
  const [downloads, setDownloads] = useState(false);
  const [asked, setAsked] = useState<{ busy: boolean; error: unknown; link: string }>({
    busy: false,
    error: null,
    link: '',
  });
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    setAsked({ busy: true, error: null, link: '' });
    try {
      const made = await client.link(bucket, file.path, Number(life));
      const name = downloads ? `&download=${encodeURIComponent(nameOf(file.path))}` : '';
      setAsked({ busy: false, error: null, link: `${address}${made}${name}` });
    } catch (error) {
      setAsked({ busy: false, error, link: '' });
    }
  };
  return (
    <Dialog {...opening} wide passing title={texts.linkTitle} description={texts.linkDescription}>
      {isPublic && address !== undefined && (
        <div className={styles['form']}>
          <p>{texts.linkPublic}</p>
          <CodeBlock
            label={texts.linkPublic}
            line
            code={`${address}/object/public/${encodeURIComponent(bucket)}/${encodePath(file.path)}`}
          />
        </div>
      )}
      <form className={styles['form']} onSubmit={(event) => void make(event)}>
        <Select label={texts.linkLife} options={LIVES} value={life} onValueChange={setLife} />
        <Checkbox label={texts.linkDownloads} checked={downloads} onCheckedChange={setDownloads} />
        {asked.error !== null && <Notice tone="bad" error={asked.error} />}
        {asked.link !== '' && (
          <div role="status">
            <CodeBlock label={texts.linkText} line code={asked.link} />
          </div>
        )}
        <div className={styles['buttons']}>
          <Button type="submit" look="primary" busy={asked.busy} disabled={address === undefined}>
            {texts.linkAction}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
