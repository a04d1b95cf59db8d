/** `/docs`: the API on one page that needs nothing else, no script, and resolves every problem's `type`. */
import { createHash } from 'node:crypto';
import type { Endpoint } from './endpoint.ts';
import { openapiPath, type DocumentInfo } from './openapi.ts';
import { PROBLEMS } from './problem-table.ts';

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1e21;background:#fff}
code{font:14px ui-monospace,monospace}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #ddd}
tr:target{background:#fff3c4}.method{font-weight:700;text-transform:uppercase}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#16181c}td,th{border-color:#333}tr:target{background:#4a3d00}}
`;

const styleHash = createHash('sha256').update(STYLE).digest('base64');

export const DOCS_CONTENT_SECURITY_POLICY = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function docsPage(
  endpoints: readonly Endpoint[],
  info: Pick<DocumentInfo, 'title' | 'version' | 'description'>,
): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(info.title)}</title><style>${STYLE}</style></head><body>
<h1>${escape(info.title)}</h1>
<p>${escape(info.description ?? '')} Version ${escape(info.version)}. For programs: <a href="/openapi.json">openapi.json</a>.</p>
<h2>Routes</h2>
<table><tr><th>Route</th><th>What it does</th><th>Access token</th><th>Answers</th></tr>
${endpoints.map(route).join('\n')}
</table>
<h2 id="problems">Problems</h2>
<p>Every answer of the platform and of its gateway that is not a success is <code>application/problem+json</code> (RFC 9457); its <code>type</code> leads here.
On the routes of projects it says the same once more as PostgREST does: <code>code</code>, <code>message</code>, <code>details</code>, <code>hint</code>.</p>
<table><tr><th>Code</th><th>Status</th><th>Meaning</th></tr>
${Object.entries(PROBLEMS).map(problem).join('\n')}
</table></body></html>
`;
}

const route = ({ method, path, summary, description, auth, responses }: Endpoint): string =>
  `<tr id="${escape(`${method}:${path}`)}"><td><span class="method">${method}</span> <code>${escape(openapiPath(path))}</code></td>` +
  `<td>${escape([summary, description].filter(Boolean).join('. '))}</td>` +
  `<td>${auth === 'none' ? '' : 'needed'}</td><td>${Object.keys(responses).join(', ')}</td></tr>`;

const problem = ([code, { status, title }]: [string, { status: number; title: string }]): string =>
  `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escape(title)}</td></tr>`;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
