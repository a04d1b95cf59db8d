import { toast } from '../../components/toast.ts';
import { files as texts } from '../../texts/en/files.ts';
import { nameOf } from './object-paths.ts';
import { useFiles } from './use-files.ts';

/** for the browser to begin; what it has begun goes on */
const LINK_SECONDS = 60;

/** The browser itself saves the file, by a link of a minute: however large it is, this page does not hold it. */
export function useDownload(bucket: string): (path: string) => void {
  const { project, client } = useFiles();
  return (path) =>
    void client.link(bucket, path, LINK_SECONDS).then(
      (link) => {
        const anchor = document.createElement('a');
        anchor.href = `/project/${project}/storage/v1${link}&download=${encodeURIComponent(nameOf(path))}`;
        anchor.download = nameOf(path);
        anchor.click();
      },
      (error: unknown) => toast.failed(texts.downloadFailed, error),
    );
}
