/** XML as S3 writes it: elements and text, nothing else. */

export type XmlContent = string | number | boolean | readonly XmlElement[];
/** undefined: it is left out */
export type XmlElement = readonly [name: string, content: XmlContent | undefined];

export const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A whole document; errors alone have no namespace. */
export const xmlDocument = (
  root: string,
  content: XmlContent,
  namespace: string | null = NAMESPACE,
): string => `${DECLARATION}${rootElement(root, content, namespace)}`;

export const rootElement = (
  root: string,
  content: XmlContent,
  namespace: string | null = NAMESPACE,
): string => `<${root}${namespace === null ? '' : ` xmlns="${namespace}"`}>${inner(content)}</${root}>`;

const inner = (content: XmlContent): string =>
  Array.isArray(content)
    ? (content as readonly XmlElement[])
        .map(([name, each]) => (each === undefined ? '' : `<${name}>${inner(each)}</${name}>`))
        .join('')
    : escaped(String(content));

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
  '\n': '&#10;',
};

/** What no XML may hold, not even escaped, is shown as a character that is not there. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    // eslint-disable-next-line no-control-regex -- those are what it looks for
    .replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
    .replaceAll(/[&<>"'\r\n]/g, (character) => ENTITIES[character] ?? '');
