import { createElement, Fragment, useMemo, type ReactNode } from 'react';

/** What is shown as it is meant; of anything else its content is. */
const SHOWN: ReadonlySet<string> = new Set(
  'p div span h1 h2 h3 h4 strong b em i u small code pre blockquote ul ol li table tbody thead tr td th'.split(
    ' ',
  ),
);
const EMPTY: ReadonlySet<string> = new Set(['br', 'hr']);
/** nothing of these is for people to read */
const DROPPED: ReadonlySet<string> = new Set(
  'script style head title template iframe object svg math'.split(' '),
);

/**
 * Somebody's HTML as its words and their structure. It is parsed without being run, and what is shown is made anew: no
 * address, script or style of it comes along.
 */
export function HtmlPreview({
  html,
  className,
}: {
  readonly html: string;
  readonly className: string | undefined;
}) {
  const shown = useMemo(() => childrenOf(new DOMParser().parseFromString(html, 'text/html').body), [html]);
  return <div className={className}>{shown}</div>;
}

const childrenOf = (node: Node): ReactNode =>
  [...node.childNodes].map((child, at) => <Fragment key={at}>{shownOf(child)}</Fragment>);

function shownOf(node: Node): ReactNode {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (!(node instanceof Element)) return null;
  const tag = node.localName;
  if (DROPPED.has(tag)) return null;
  if (EMPTY.has(tag)) return createElement(tag);
  // a link leads nowhere here, and looks like one
  if (tag === 'a') return <u>{childrenOf(node)}</u>;
  if (tag === 'img') return node.getAttribute('alt');
  return SHOWN.has(tag) ? createElement(tag, null, childrenOf(node)) : childrenOf(node);
}
