import { IconButton } from '../../components/button.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../components/menu.tsx';
import { files as texts } from '../../texts/en/files.ts';
import type { Entry } from './entries.ts';
import type { Asked } from './file-dialogs.tsx';
import { nameOf } from './object-paths.ts';
import { useDownload } from './use-download.ts';

interface EntryMenuProps {
  readonly bucket: string;
  readonly entry: Entry;
  readonly onOpen: () => void;
  readonly onAsk: (asked: Asked) => void;
}

/** What can be done with a file or a folder. */
export function EntryMenu({ bucket, entry, onOpen, onAsk }: EntryMenuProps) {
  const download = useDownload(bucket);
  const ask = (what: Asked['what']) => () => onAsk({ what, entries: [entry] });
  return (
    <Menu trigger={<IconButton icon="more" label={texts.actions(nameOf(entry.path))} small />}>
      <MenuItem icon={entry.file ? 'info' : 'folder'} onSelect={onOpen}>
        {entry.file ? texts.show : texts.open}
      </MenuItem>
      {entry.file && (
        <>
          <MenuItem icon="download" onSelect={() => download(entry.path)}>
            {texts.download}
          </MenuItem>
          <MenuItem icon="external" onSelect={ask('link')}>
            {texts.link}
          </MenuItem>
        </>
      )}
      <MenuSeparator />
      <MenuItem icon="edit" onSelect={ask('move')}>
        {texts.move}
      </MenuItem>
      <MenuItem icon="copy" onSelect={ask('copy')}>
        {texts.copy}
      </MenuItem>
      <MenuItem icon="trash" danger onSelect={ask('remove')}>
        {texts.remove}
      </MenuItem>
    </Menu>
  );
}
