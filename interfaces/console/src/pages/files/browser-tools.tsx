import { useRef, useState, type ChangeEvent } from 'react';
import { Link } from 'wouter';
import { useAct } from '../../components/act.ts';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Menu, MenuItem } from '../../components/menu.tsx';
import { files as texts } from '../../texts/en/files.ts';
import { useUpload } from './drop-place.tsx';
import { chosenFiles } from './dropped-files.ts';
import type { Entry } from './entries.ts';
import type { Asked } from './file-dialogs.tsx';
import styles from './files.module.css';
import { crumbsOf, isPath } from './object-paths.ts';
import { placeOf } from './place.ts';
import { useFiles } from './use-files.ts';

interface BrowserToolsProps {
  readonly bucket: string;
  readonly folder: string;
  readonly selected: readonly Entry[];
  readonly onSelect: (all: boolean) => void;
  readonly onAsk: (asked: Asked) => void;
}

/** Where one is, what can be made here, and what can be done with what is selected. */
export function BrowserTools({ bucket, folder, selected, onSelect, onAsk }: BrowserToolsProps) {
  const ask = (what: Asked['what']) => () => onAsk({ what, entries: selected });
  return (
    <>
      <div className={styles['tools']}>
        <Crumbs bucket={bucket} folder={folder} />
        <MakeButtons bucket={bucket} folder={folder} />
      </div>
      <div className={styles['tools']}>
        <div className={styles['buttons']}>
          <Button small onClick={() => onSelect(selected.length === 0)}>
            {selected.length === 0 ? texts.selectAll : texts.unselect}
          </Button>
          {selected.length > 0 && (
            <>
              <span role="status">{texts.selected(selected.length)}</span>
              <Button small icon="edit" onClick={ask('move')}>
                {texts.move}
              </Button>
              <Button small icon="copy" onClick={ask('copy')}>
                {texts.copy}
              </Button>
              <Button small icon="trash" onClick={ask('remove')}>
                {texts.remove}
              </Button>
            </>
          )}
        </div>
      </div>
    </>
  );
}

function Crumbs({ bucket, folder }: { readonly bucket: string; readonly folder: string }) {
  const { project } = useFiles();
  const crumbs = [{ name: bucket, folder: '' }, ...crumbsOf(folder)];
  return (
    <nav aria-label={texts.path}>
      <ol className={styles['crumbs']}>
        <li>
          <Link href={placeOf(project)}>{texts.allBuckets}</Link>
        </li>
        {crumbs.map(({ name, folder: to }) => (
          <li key={to}>
            {to === folder ? (
              <h1 aria-current="page">{name}</h1>
            ) : (
              <Link href={placeOf(project, bucket, to)}>{name}</Link>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

function MakeButtons({ bucket, folder }: { readonly bucket: string; readonly folder: string }) {
  const upload = useUpload(bucket, folder);
  const [makes, setMakes] = useState(false);
  const some = useRef<HTMLInputElement>(null);
  const whole = useRef<HTMLInputElement>(null);
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    upload(chosenFiles(event.target.files));
    event.target.value = '';
  };
  const trigger = (
    <Button look="primary" icon="upload">
      {texts.upload}
    </Button>
  );
  return (
    <div className={styles['buttons']}>
      <Button icon="folder" onClick={() => setMakes(true)}>
        {texts.newFolder}
      </Button>
      <Menu trigger={trigger}>
        <MenuItem icon="upload" onSelect={() => some.current?.click()}>
          {texts.uploadFiles}
        </MenuItem>
        <MenuItem icon="folder" onSelect={() => whole.current?.click()}>
          {texts.uploadFolder}
        </MenuItem>
      </Menu>
      <input ref={some} type="file" multiple hidden aria-label={texts.uploadFiles} onChange={choose} />
      <input
        ref={whole}
        type="file"
        hidden
        aria-label={texts.uploadFolder}
        onChange={choose}
        {...{ webkitdirectory: '' }}
      />
      <NewFolder bucket={bucket} folder={folder} open={makes} onOpenChange={setMakes} />
    </div>
  );
}

interface NewFolderProps {
  readonly bucket: string;
  readonly folder: string;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

function NewFolder({ bucket, folder, open, onOpenChange }: NewFolderProps) {
  const { client } = useFiles();
  const { act } = useAct('files');
  const [name, setName] = useState('');
  const isBad = name !== '' && !isPath(name.trim());
  const make = async () => {
    if (name.trim() === '' || isBad) throw new TypeError(texts.folderBad);
    await act(texts.folderMade, () => client.makeFolder(bucket, `${folder}${name.trim()}/`));
    setName('');
  };
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={texts.newFolder}
      description={undefined}
      action={texts.make}
      onConfirm={make}
    >
      <TextField
        label={texts.folderName}
        error={isBad ? texts.folderBad : undefined}
        required
        autoComplete="off"
        value={name}
        onValueChange={setName}
      />
    </ConfirmDialog>
  );
}
