import { useEffect, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';

/** a browser refuses an address that changes with every step of a slider */
const SETTLED_MS = 250;

/** Which time is looked at; the address follows a moment later. undefined: now. */
export function useTime(): [string | undefined, (at: string | undefined) => void] {
  const [path, navigate] = useLocation();
  const asked = timeIn(useSearch());
  const [chosen, setChosen] = useState<{ readonly at: string | undefined }>();
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(settling.current), []);
  const go = (at: string | undefined) => {
    setChosen({ at });
    clearTimeout(settling.current);
    settling.current = setTimeout(() => {
      navigate(at === undefined ? path : `${path}?at=${encodeURIComponent(at)}`, { replace: true });
      setChosen(undefined);
    }, SETTLED_MS);
  };
  return [chosen ? chosen.at : asked, go];
}

/** @returns undefined when it has none that can be read */
function timeIn(search: string): string | undefined {
  const at = new Date(new URLSearchParams(search).get('at') ?? '');
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
