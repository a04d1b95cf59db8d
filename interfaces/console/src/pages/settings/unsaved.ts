/** Whoever leaves a form with changes is asked first: by a link of the console, by closing the window, by another tab of the page. */
import { useEffect, useId } from 'react';
import { settings as texts } from '../../texts/en/settings.ts';

const changed = new Set<string>();

/** @returns whether they leave: there is nothing to lose, or they said so */
// the browser's own question: nothing else holds up whoever leaves
export const mayLeave = (): boolean => changed.size === 0 || window.confirm(texts.leave);

export function useUnsaved(isChanged: boolean): void {
  const id = useId();
  useEffect(() => {
    if (!isChanged) return undefined;
    changed.add(id);
    if (changed.size === 1) {
      addEventListener('beforeunload', stay);
      document.addEventListener('click', askAtLink, true);
    }
    return () => {
      changed.delete(id);
      if (changed.size > 0) return;
      removeEventListener('beforeunload', stay);
      document.removeEventListener('click', askAtLink, true);
    };
  }, [id, isChanged]);
}

const stay = (event: BeforeUnloadEvent): void => event.preventDefault();

/** Before the router hears of it. */
function askAtLink(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  const isElsewhere = link instanceof HTMLAnchorElement && link.pathname !== location.pathname;
  const staysHere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
  if (!isElsewhere || staysHere || (link.target !== '' && link.target !== '_self') || mayLeave()) return;
  event.preventDefault();
  event.stopPropagation();
}
