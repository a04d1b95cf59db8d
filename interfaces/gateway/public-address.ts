/**
 * Where a project's REST API is for who asks, and what PostgREST, which does not know, says of itself put right: it
 * takes its own root for everybody's.
 */
import { Transform, type TransformCallback } from 'node:stream';
import { PLACEHOLDER_URL } from '../../application/ports/data-apis.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { HeaderList } from './headers.ts';

/** as infrastructure/caddy/Caddyfile knows them */
const HOST_OF_PROJECT = /^proj[-_]([0-9a-f]{16})\./i;

export interface PublicAddress {
  /** of the paths of a project's REST API; without a slash at its end */
  readonly prefix: string;
  readonly scheme: string;
  /** with its port, unless it is the scheme's own */
  readonly host: string;
}

/** @param publicUrl where the operator says that the platform is; undefined: where each request found it */
export function addressing(
  publicUrl: string | undefined,
): (host: string | undefined, project: ProjectId) => PublicAddress {
  const told = publicUrl === undefined ? undefined : new URL(publicUrl);
  const scheme = told ? told.protocol.slice(0, -1) : 'http';
  const below = told ? told.pathname.replace(/\/+$/, '') : '';
  return (host = 'localhost', project) => {
    const own = HOST_OF_PROJECT.exec(host)?.[1];
    if (own !== undefined && project.endsWith(own.toLowerCase())) return { prefix: '/rest/v1', scheme, host };
    return { prefix: `${below}/project/${project}/rest/v1`, scheme, host: told?.host ?? host };
  };
}

/** What Node's and others' parsers take of an answer's headers is 16 KiB: this one only repeats the question. */
const CONTENT_LOCATION_CHARS = 2048;
/** as PostgREST tells of a row that it has made; what an owner's function says is its own */
const OF_A_ROW = /^\/[^/?]+\?[^?]*=eq\./;

/** The list with PostgREST's paths as they are from outside. */
export function fromOutside(list: HeaderList, prefix: string): string[] {
  const told: string[] = [];
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = list[at] ?? '';
    const value = list[at + 1] ?? '';
    // by their length first: this is done for every answer
    const lower = name.length === 8 || name.length === 16 ? name.toLowerCase() : '';
    if (lower === 'content-location') {
      if (value.length > CONTENT_LOCATION_CHARS) continue;
      told.push(name, /^\/(?!\/)/.test(value) ? prefix + value : value);
    } else told.push(name, lower === 'location' && OF_A_ROW.test(value) ? prefix + value : value);
  }
  return told;
}

const placeholder = new URL(PLACEHOLDER_URL);
/** as PostgREST writes it, all in one place */
const DESCRIBED = `"host":"${placeholder.hostname}:80","basePath":"${placeholder.pathname}","schemes":["http"]`;

/** The document of the API with the address in it. It may be large: no more of it is held than could be its place. */
export function withAddress({ prefix, scheme, host }: PublicAddress): Transform {
  const [hostName, basePath] = [host, prefix].map((text) => JSON.stringify(text));
  const described = `"host":${hostName},"basePath":${basePath},"schemes":["${scheme}"]`;
  let held: Buffer | undefined = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding: string, done: TransformCallback) {
      if (!held) return done(null, chunk);
      const text = Buffer.concat([held, chunk]);
      const at = text.indexOf(DESCRIBED);
      if (at === -1) {
        const kept = Math.min(text.length, DESCRIBED.length - 1);
        held = text.subarray(text.length - kept);
        return done(null, text.subarray(0, text.length - kept));
      }
      held = undefined;
      this.push(text.subarray(0, at));
      this.push(described);
      done(null, text.subarray(at + DESCRIBED.length));
    },
    flush: (done) => done(null, held),
  });
}
