/**
 * The little XML that S3's clients send: elements, text, and the entities that XML itself has. There is no document type, so
 * nothing in a document can refer to anything, and it is never larger than it came.
 */
import { setImmediate as othersTurn } from 'node:timers/promises';
import { S3Error } from './s3-error.ts';

export interface XmlNode {
  /** without a prefix */
  readonly name: string;
  /** of its own, not of those within it */
  readonly text: string;
  readonly children: readonly XmlNode[];
}

const DEPTH = 8;
/** 10,000 parts with a checksum each */
const MOST_TOKENS = 150_000;
const TOKENS_AT_A_TIME = 2_000;
const NAME = String.raw`(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)`;
const TOKEN = new RegExp(
  [
    String.raw`<${NAME}(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(/?)>`,
    String.raw`</${NAME}\s*>`,
    String.raw`<!--[^]*?-->`,
    String.raw`<!\[CDATA\[([^]*?)\]\]>`,
    String.raw`([^<]+)`,
  ].join('|'),
  'y',
);
const DECLARATION = /^\ufeff?(?:<\?xml\s[^?]*\?>)?/;
const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));|&/g;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

interface Open {
  readonly name: string;
  text: string;
  readonly children: XmlNode[];
}

/** Others are served meanwhile. @throws {S3Error} MalformedXML */
export async function readXml(document: string): Promise<XmlNode> {
  const text = document.replace(DECLARATION, '');
  const top: Open = { name: '', text: '', children: [] };
  const open: Open[] = [top];
  let tokens = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    if (++tokens > MOST_TOKENS) throw new S3Error('MalformedXML');
    if (tokens % TOKENS_AT_A_TIME === 0) await othersTurn();
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    if (!token) throw new S3Error('MalformedXML');
    take(open, token);
  }
  const [root, ...others] = top.children;
  if (open.length !== 1 || !root || others.length > 0 || top.text.trim() !== '')
    throw new S3Error('MalformedXML');
  return root;
}

function take(open: Open[], [, begun, empty, ended, raw, text]: RegExpExecArray): void {
  const innermost = open.at(-1);
  if (!innermost) throw new S3Error('MalformedXML');
  if (begun !== undefined) {
    if (open.length > DEPTH) throw new S3Error('MalformedXML');
    const node: Open = { name: begun, text: '', children: [] };
    innermost.children.push(node);
    if (empty === '') open.push(node);
  } else if (ended !== undefined) {
    if (open.length === 1 || innermost.name !== ended) throw new S3Error('MalformedXML');
    open.pop();
  } else innermost.text += raw ?? (text === undefined ? '' : unescaped(text));
}

const unescaped = (text: string): string =>
  text.replaceAll(ENTITY, (_, decimal?: string, hexadecimal?: string, named?: string) => {
    if (named !== undefined) return NAMED[named] ?? '';
    const point = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
    if (Number.isNaN(point) || point > 0x10ffff) throw new S3Error('MalformedXML');
    return String.fromCodePoint(point);
  });

export const childrenOf = ({ children }: XmlNode, name: string): readonly XmlNode[] =>
  children.filter((child) => child.name === name);

export const textIn = (node: XmlNode, name: string): string | undefined => childrenOf(node, name)[0]?.text;
