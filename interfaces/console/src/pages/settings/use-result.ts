import { useRef, useState } from 'react';

/** What a dialog has brought about, shown when that dialog is closed: two that are open at once both want the focus. */
export function useResult<T>() {
  const brought = useRef<T | null>(null);
  const [shown, setShown] = useState<T | null>(null);
  return {
    shown,
    bring: (result: T): void => {
      brought.current = result;
    },
    /** the dialog that asked is */
    closed: (): void => {
      setShown(brought.current);
      brought.current = null;
    },
    forget: (): void => setShown(null),
  };
}
