/**
 * Sends files by TUS 1.0 (tus.io/protocols/resumable-upload): in parts, so that one that breaks off goes on where it was. Of the
 * protocol no more than that: its libraries are as large as the page.
 */
import { ApiProblem, problemOf, Unreachable } from '../../api/problem.ts';
import { asService, serviceToken } from '../../api/service-token.ts';
import type { UnfinishedUploads } from './unfinished-uploads.ts';
import type { Heard, MakeSender, NewUpload, Sender } from './upload-queue.ts';

const PART_BYTES = 6 * 1024 * 1024;
const WAITS_MS = [500, 1_000, 3_000, 5_000, 10_000];
const PLACE = '/storage/v1/upload/resumable';
const VERSION = { 'tus-resumable': '1.0.0' };

/** @param unfinished where one goes on that was broken off with the page before */
export const tusSender =
  (project: string, unfinished: UnfinishedUploads): MakeSender =>
  async (upload, heard) =>
    new TusSender(project, unfinished, upload, heard);

class TusSender implements Sender {
  readonly #project: string;
  readonly #unfinished: UnfinishedUploads;
  readonly #upload: NewUpload;
  readonly #heard: Heard;
  /** of the upload, below the project's address; undefined: none was begun */
  #place: string | undefined;
  #running = new AbortController();

  constructor(project: string, unfinished: UnfinishedUploads, upload: NewUpload, heard: Heard) {
    this.#project = project;
    this.#unfinished = unfinished;
    this.#upload = upload;
    this.#heard = heard;
    this.#place = unfinished.find(upload)?.place;
  }

  start(): void {
    this.#running.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.#sendAll(signal).then(
      () => {
        this.#unfinished.forget(this.#upload);
        this.#heard.done();
      },
      (error: unknown) => signal.aborted || this.#heard.failed(error),
    );
  }

  async pause(): Promise<void> {
    this.#running.abort();
  }

  async cancel(): Promise<void> {
    this.#running.abort();
    this.#unfinished.forget(this.#upload);
    if (this.#place !== undefined) await this.#ask('DELETE', this.#place);
  }

  async #sendAll(signal: AbortSignal): Promise<void> {
    let furthest = 0;
    for (let failures = 0; ;) {
      try {
        let sent = await this.#whereItIs();
        while (this.#place === undefined || sent < this.#upload.file.size) {
          signal.throwIfAborted();
          sent = await this.#sendPart(sent, signal);
          if (sent > furthest) failures = 0;
          furthest = Math.max(furthest, sent);
        }
        return;
      } catch (error) {
        const waitMs = WAITS_MS[failures++];
        if (signal.aborted || waitMs === undefined || !mayHelp(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        signal.throwIfAborted();
      }
    }
  }

  /** In bytes. One that the platform has given up begins anew. */
  async #whereItIs(): Promise<number> {
    if (this.#place === undefined) return 0;
    try {
      const { headers } = await this.#ask('HEAD', this.#place);
      return Number(headers.get('upload-offset'));
    } catch (error) {
      if (!(error instanceof ApiProblem) || (error.status !== 404 && error.status !== 410)) throw error;
      this.#place = undefined;
      return 0;
    }
  }

  /** @returns how far it is then, in bytes */
  async #sendPart(from: number, signal: AbortSignal): Promise<number> {
    const { file, replaces } = this.#upload;
    const part = file.slice(from, from + PART_BYTES);
    const token = await serviceToken(this.#project, 'storage');
    signal.throwIfAborted();
    const headers = {
      ...VERSION,
      authorization: `Bearer ${token}`,
      apikey: token,
      'content-type': 'application/offset+octet-stream',
      'x-upsert': String(replaces),
      ...(this.#place === undefined
        ? { 'upload-length': String(file.size), 'upload-metadata': metadataOf(this.#upload) }
        : { 'upload-offset': String(from) }),
    };
    const method = this.#place === undefined ? 'POST' : 'PATCH';
    const path = `/project/${this.#project}${this.#place ?? PLACE}`;
    const answer = await sendBytes({ method, path, headers, part, signal }, (sent) =>
      this.#heard.progress(from + sent),
    );
    this.#place ??= placeOf(answer.getResponseHeader('location') ?? '', this.#project);
    const sent = Number(answer.getResponseHeader('upload-offset'));
    this.#unfinished.keep(this.#upload, this.#place, sent);
    return sent;
  }

  #ask(method: string, place: string): Promise<Response> {
    return asService(this.#project, 'storage', place, { method, headers: VERSION });
  }
}

interface Sending {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly part: Blob;
  readonly signal: AbortSignal;
}

/** What `fetch` cannot do: tell how many bytes are on their way. @throws {ApiProblem | Unreachable | DOMException} */
function sendBytes(
  { method, path, headers, part, signal }: Sending,
  onProgress: (sent: number) => void,
): Promise<XMLHttpRequest> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onabort = () => reject(signal.reason as Error);
    request.onerror = () => reject(new Unreachable(undefined));
    request.onload = () => {
      const { status, responseText } = request;
      if (status < 300) resolve(request);
      else problemOf(new Response(responseText, { status })).then(reject, reject);
    };
    signal.addEventListener('abort', () => request.abort());
    request.send(part);
  });
}

/** The platform tells its public address; the page may speak to its own alone, which may be another name of the same. */
export function placeOf(location: string, project: string): string {
  const [, place] = new URL(location, 'http://platform').pathname.split(`/project/${project}`);
  if (place?.startsWith(PLACE) !== true) throw new Error('The platform did not say where the upload is.');
  return place;
}

export const metadataOf = ({ bucket, path, file }: NewUpload): string =>
  Object.entries({
    bucketName: bucket,
    objectName: path,
    contentType: file.type || 'application/octet-stream',
    cacheControl: '3600',
  })
    .map(([name, value]) => `${name} ${base64(value)}`)
    .join(',');

const base64 = (text: string): string => btoa(String.fromCodePoint(...new TextEncoder().encode(text)));

/** Nobody answered, the platform is ill, or another request still sends to the same upload. */
const mayHelp = (error: unknown): boolean =>
  error instanceof Unreachable ||
  (error instanceof ApiProblem && (error.status >= 500 || error.status === 423 || error.status === 429));
