/**
 * Whoever leaves a form with changes is asked first: at a link of the console, at the back button, where a dialog is closed, and where
 * the window is. One way for every form.
 */
import { useEffect, useId } from 'react';
import { components as texts } from '../texts/en/components.ts';

type Held = 'page' | 'window';
const changed = new Map<string, Held>();
/** where the page was before the browser went elsewhere */
let here = location.href;
let isHeld = false;

/** @returns whether they leave: there is nothing to lose, or they said so */
export const mayLeave = (): boolean =>
  // the browser's own question: nothing else holds up whoever leaves
  ![...changed.values()].includes('page') || window.confirm(texts.leave);

/** Of one form alone. */
export const mayClose = (isChanged: boolean): boolean =>
  !isHeld && (!isChanged || window.confirm(texts.leave));

/** While somebody signs in again nothing that is open closes. */
export function holdOpen(held: boolean): void {
  isHeld = held;
}

/** @param by `window`: it is still there on the other pages, and lost when the window is closed */
export function useUnsaved(isChanged: boolean, by: Held = 'page'): void {
  const id = useId();
  useEffect(() => {
    if (!isChanged) return undefined;
    if (changed.size === 0) listen(true);
    changed.set(id, by);
    return () => {
      changed.delete(id);
      if (changed.size === 0) listen(false);
    };
  }, [id, isChanged, by]);
}

const MOVES = ['pushState', 'replaceState', 'popstate'];
const noteHere = (): void => {
  here = location.href;
};

function listen(on: boolean): void {
  const change = on ? 'addEventListener' : 'removeEventListener';
  noteHere();
  window[change]('beforeunload', stay);
  document[change]('click', askAtLink, true);
  for (const move of MOVES) window[change](move, noteHere);
}

const stay = (event: Event): void => event.preventDefault();

/** Another part of the same page is no other page. */
const isElsewhere = (pathname: string): boolean => pathname !== new URL(here).pathname;

function askAtLink(event: Event): void {
  if (!(event instanceof MouseEvent)) return;
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  const staysHere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
  if (!(link instanceof HTMLAnchorElement) || staysHere || !isElsewhere(link.pathname)) return;
  if (link.download !== '' || (link.target !== '' && link.target !== '_self') || mayLeave()) return;
  event.preventDefault();
  event.stopPropagation();
}

/**
 * Once, before the router is there: what listens at a window hears in the order in which it came, and the router has taken the form
 * away when it has heard.
 */
export function watchBackButton(): void {
  addEventListener('popstate', askAtBack, true);
}

/** The browser is there already: whoever stays is put back before anybody looks. */
function askAtBack(event: Event): void {
  if (!isElsewhere(location.pathname) || mayLeave()) return;
  event.stopImmediatePropagation();
  history.pushState(null, '', here);
}
