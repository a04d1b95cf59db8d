import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { IconButton } from '../components/button.tsx';
import { loaded } from '../components/loaded.tsx';
import { palette as texts } from '../texts/en/palette.ts';
import { rememberPlace } from './recent-places.ts';

const CommandPalette = loaded(() => import('./command-palette.tsx'));

/** Opens the palette of commands, at Ctrl-K or Cmd-K as well, wherever one is. */
export function PaletteOpener() {
  const [open, setOpen] = useState(false);
  const [path] = useLocation();
  useEffect(() => rememberPlace(path), [path]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key !== 'k') return;
      event.preventDefault();
      setOpen((is) => !is);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <IconButton
        icon="search"
        label={texts.open}
        title={`${texts.open} (Ctrl-K)`}
        aria-keyshortcuts="Control+K Meta+K"
        onClick={() => setOpen(true)}
      />
      {open && <CommandPalette onClose={() => setOpen(false)} />}
    </>
  );
}
