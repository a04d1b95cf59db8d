/** What is asked before something is done with files, and what is shown of one. */
import { useState } from 'react';
import { useAct } from '../../components/act.ts';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { files as texts } from '../../texts/en/files.ts';
import type { Entry } from './entries.ts';
import { FileLink } from './file-link.tsx';
import { FilePreview } from './file-preview.tsx';
import { filesOf, isFolder, isInto, transfer } from './move-folder.ts';
import { isPath, nameOf } from './object-paths.ts';
import { useFiles } from './use-files.ts';

export interface Asked {
  readonly what: 'show' | 'link' | 'move' | 'copy' | 'remove';
  readonly entries: readonly Entry[];
}

interface FileDialogsProps {
  readonly bucket: string;
  readonly folder: string;
  readonly asked: Asked | null;
  readonly onClose: () => void;
}

export function FileDialogs({ bucket, folder, asked, onClose }: FileDialogsProps) {
  const [first] = asked?.entries ?? [];
  if (!asked || !first) return null;
  const opening = { bucket, open: true, onOpenChange: (open: boolean) => !open && onClose() };
  const { what, entries } = asked;
  switch (what) {
    case 'show':
      return first.file && <FilePreview {...opening} file={first.file} />;
    case 'link':
      return first.file && <FileLink {...opening} file={first.file} />;
    case 'remove':
      return <Remove {...opening} entries={entries} />;
    case 'move':
    case 'copy':
      return <Transfer {...opening} how={what} folder={folder} entries={entries} />;
  }
}

interface EntriesDialogProps {
  readonly bucket: string;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly entries: readonly Entry[];
}

function Remove({ bucket, entries, ...opening }: EntriesDialogProps) {
  const { client } = useFiles();
  const { act } = useAct('files');
  const remove = async () => {
    const all = await filesOf(
      client,
      bucket,
      entries.map(({ path }) => path),
    );
    await client.remove(bucket, all);
  };
  return (
    <ConfirmDialog
      {...opening}
      title={texts.removeTitle(entries.length)}
      description={texts.removeDescription}
      action={texts.remove}
      danger
      onConfirm={() => act(texts.removed, remove)}
    >
      <ul>
        {entries.slice(0, SHOWN).map(({ path }) => (
          <li key={path}>{nameOf(path)}</li>
        ))}
        {entries.length > SHOWN && <li>…</li>}
      </ul>
    </ConfirmDialog>
  );
}
const SHOWN = 8;

type TransferProps = EntriesDialogProps & { readonly how: 'move' | 'copy'; readonly folder: string };

/** One thing gets a path of its own, several go into a folder. */
function Transfer({ bucket, folder, entries, how, ...opening }: TransferProps) {
  const { client } = useFiles();
  const { act } = useAct('files');
  const only = entries.length === 1 ? entries[0] : undefined;
  const [typed, setTyped] = useState((only?.path ?? folder).replace(/\/$/, ''));
  const [far, setFar] = useState('');
  const path = typed.trim().replace(/^\/+|\/+$/g, '');
  const targets = entries.map(({ path: from }) => {
    const slash = isFolder(from) ? '/' : '';
    const below = path === '' ? '' : `${path}/`;
    return { from, to: only ? `${path}${slash}` : `${below}${nameOf(from)}${slash}` };
  });
  const isBad = !isPath(path) && (only !== undefined || path !== '');
  const isInside = targets.some(({ from, to }) => isInto(from, to));
  const error = isBad ? texts.badPath : isInside ? texts.intoItself : undefined;
  const run = async () => {
    if (error !== undefined) throw new TypeError(error);
    for (const target of targets)
      await transfer(client, how, bucket, target, (done, all) => setFar(all > 1 ? texts.far(done, all) : ''));
  };
  const isMove = how === 'move';
  return (
    <ConfirmDialog
      {...opening}
      title={isMove ? texts.moveTitle(entries.length) : texts.copyTitle(entries.length)}
      description={texts.transferDescription}
      action={isMove ? texts.moveAction : texts.copyAction}
      onConfirm={() => act(isMove ? texts.moved : texts.copied, run)}
    >
      <TextField
        label={only ? texts.newPath : texts.toFolder}
        hint={only ? texts.newPathHint : texts.toFolderHint}
        error={error}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onValueChange={setTyped}
      />
      <p role="status">{far}</p>
    </ConfirmDialog>
  );
}
