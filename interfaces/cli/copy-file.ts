/** `storage cp`: a file of a project to this machine, or one of this machine to a project, by its storage service as anybody's. */
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { Refused, unavailable } from '../../application/errors.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import type { Operator } from '../composition/operator.ts';

export interface Copy {
  /** `:<bucket>/<name>` is the project's, anything else a file of this machine */
  readonly from: string;
  readonly to: string;
  readonly signal: AbortSignal;
}

/** @returns what was done, in words @throws {Refused} @throws {Unavailable} */
export async function copyFile(operator: Operator, project: ExistingProject, copy: Copy): Promise<string> {
  const { from, to, signal } = copy;
  if (from.startsWith(':') === to.startsWith(':'))
    throw new Refused('one of the two is of the project: :<bucket>/<name>');
  const { secrets, storageUrl } = operator;
  const opened = secrets.open(project.id, project.secrets);
  const { serviceRoleKey } = await secrets.apiKeys(project.id, opened, project.keysIssuedAt);
  const path = (from.startsWith(':') ? from : to).slice(1).split('/').map(encodeURIComponent).join('/');
  const ask = async (below: string, init: RequestInit): Promise<Response> => {
    const headers = {
      authorization: `Bearer ${serviceRoleKey}`,
      ...(init.headers as Record<string, string>),
    };
    const url = `${storageUrl}/project/${project.id}/storage/v1/object${below}`;
    const answer = await fetch(url, { ...init, headers, signal, redirect: 'error' }).catch(
      (error: unknown) => {
        throw unavailable('storage', 'get an answer from the storage service', error);
      },
    );
    if (!answer.ok) throw new Refused(`the storage service says: ${await saidBy(answer)}`);
    return answer;
  };
  if (from.startsWith(':')) {
    if (await stat(to).catch(() => undefined)) throw new Refused(`${to} is there already`);
    const { body } = await ask(`/authenticated/${path}`, {});
    const file = await open(to, 'wx');
    await pipeline(
      body === null ? Readable.from([]) : Readable.fromWeb(body as ReadableStream),
      file.createWriteStream(),
    ).catch(async (error: unknown) => {
      // part of a file would be taken for it
      await rm(to, { force: true });
      throw error;
    });
    return `${to} has ${(await stat(to)).size} bytes`;
  }
  const { size } = await stat(from);
  await ask(`/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
    body: createReadStream(from) as unknown as NonNullable<RequestInit['body']>,
    duplex: 'half',
  } as RequestInit);
  return `${to} has ${size} bytes`;
}

async function saidBy(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === 'string' ? message : String(answer.status);
  } catch {
    return String(answer.status);
  }
}
