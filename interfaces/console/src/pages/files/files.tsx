/** A project's buckets, and what is in them. Where one is stands in the address: `?bucket=avatars&folder=a/b/`. */
import { useSearchParams } from 'wouter';
import { Browser } from './browser.tsx';
import { Buckets } from './buckets.tsx';
import { Unfinished } from './unfinished.tsx';
import { Uploads } from './uploads.tsx';

export default function Files() {
  const [search] = useSearchParams();
  const bucket = search.get('bucket');
  const folder = search.get('folder') ?? '';
  return (
    <>
      {bucket === null ? (
        <Buckets />
      ) : (
        <Browser key={`${bucket}/${folder}`} bucket={bucket} folder={folder} />
      )}
      <Uploads />
      <Unfinished />
    </>
  );
}
