import { useEffect, useState, type ReactNode } from 'react';
import { palette as texts } from '../../texts/en/palette.ts';
import { IconButton } from '../button.tsx';

interface PaletteOpenerProps {
  /** loaded when it is first wanted */
  readonly palette: (onClose: () => void) => ReactNode;
}

/** Opens the palette of commands, at Ctrl-K or Cmd-K as well, wherever one is. */
export function PaletteOpener({ palette }: PaletteOpenerProps) {
  const [open, setOpen] = useState(false);
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
      {open && palette(() => setOpen(false))}
    </>
  );
}
