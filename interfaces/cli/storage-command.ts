/** `storage`: the files of a project, for whoever runs the platform. */
import { z } from 'zod';
import { Refused } from '../../application/errors.ts';
import type { EventMetadata } from '../../application/ports/event-store.ts';
import type { PagePosition, Place } from '../../application/ports/storage-directory.ts';
import { loadKeptProject } from '../../application/project/load-project.ts';
import { recordVerification, summed } from '../../application/storage/record-verification.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import { STORAGE_ITSELF } from '../../application/storage/sweep-files.ts';
import type { FileFinding, Verified } from '../../application/storage/verify-files.ts';
import { verifiedInWords } from '../../application/project/storage-settings-in-words.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { StoredObject } from '../../domain/storage/stored-object.ts';
import type { Operator } from '../composition/operator.ts';
import { byOperator, type Command, type Given } from './command.ts';
import { copyFile } from './copy-file.ts';
import { projectIdOf } from './project-commands.ts';

const USAGE_ERROR = 64;
const NOT_AS_IT_SHOULD = 2;
const MB = 1_000_000;
const LEAST_RATE_MB = 10;
const PAGE = 1_000;

export const storageCommand: Command = {
  name: 'storage',
  usage: 'usage|ls|cp|verify <project> [<bucket>[/<folder>]|<from> <to>] [options]',
  summary:
    'Files of a project. usage: what they take; ls: what is in a bucket, or which there are; ' +
    'cp: one to or from this machine, :<bucket>/<name> being the project’s; ' +
    'verify [--rate 50MB] [--after <bucket>/<name>]: whether their bytes are what was stored.',
  flags: [],
  options: ['rate', 'after'],
  arguments: [2, 4],
  async run(operator, given) {
    const [what = '', project = '', ...rest] = given.args;
    const { act, most } = ACTS[what] ?? { act: undefined, most: 0 };
    if (!act || rest.length > most || (what === 'cp' && rest.length < most)) {
      given.say(`Usage: storage ${this.usage}`);
      return USAGE_ERROR;
    }
    const id = projectIdOf(project);
    const kept = await loadKeptProject(operator.store, id);
    try {
      return await act(operator, { id, project: kept, rest }, given);
    } catch (error) {
      if (error instanceof StorageError) throw new Refused(error.message);
      throw error;
    }
  },
};

interface Asked {
  readonly id: ProjectId;
  readonly project: ExistingProject;
  readonly rest: readonly string[];
}
type Act = (operator: Operator, asked: Asked, given: Given) => Promise<number>;

const taken = z.object({ files: z.number(), bytes: z.number() });

const usage: Act = async ({ storage }, { id }, { say, signal }) => {
  const { files, bytes } = await storage.ask('GET', `/files/${id}`, taken, { signal });
  say(`${files} file${files === 1 ? '' : 's'}, ${bytes} bytes`);
  return 0;
};

const ls: Act = async ({ storageDirectory }, { id, rest: [where = ''] }, { say, signal }) => {
  const [bucketId = '', ...path] = where.split('/');
  if (bucketId === '') {
    const listing = { limit: undefined, offset: 0, column: 'id', order: 'asc', search: '' } as const;
    const buckets = await storageDirectory.as(
      id,
      STORAGE_ITSELF,
      'storage.bucket.list',
      (rows) => rows.buckets.list(listing),
      { signal },
    );
    for (const bucket of buckets) say(`${bucket.public ? 'public ' : 'private'}  ${shown(bucket.id)}`);
    return 0;
  }
  const prefix = path.length === 0 || path.at(-1) === '' ? path.join('/') : `${path.join('/')}/`;
  const listing = { bucketId, prefix, byFolder: true, limit: PAGE, column: 'name', order: 'asc' } as const;
  let after: PagePosition | undefined;
  do {
    const wanted = { ...listing, after };
    const page = await storageDirectory.as(
      id,
      STORAGE_ITSELF,
      'storage.object.list',
      (rows) => rows.objects.page(wanted),
      { signal },
    );
    for (const entry of page.entries)
      say('folder' in entry ? `${''.padStart(15)}  ${shown(entry.folder)}/` : lineOf(entry.object));
    after = page.next;
  } while (after);
  return 0;
};

const lineOf = ({ name, metadata, updatedAt }: StoredObject): string =>
  `${sizeOf(metadata).padStart(15)}  ${shown(name)}  ${updatedAt?.toISOString() ?? ''}`;

const sizeOf = (metadata: StoredObject['metadata']): string =>
  typeof metadata?.['size'] === 'number' ? String(metadata['size']) : '?';

/** Names are users': they shall do nothing to a terminal. */
const shown = (name: string): string => name.replaceAll(/\p{C}/gu, '?').replace(/\/$/, '');

const place = z.object({ bucketId: z.string(), name: z.string() });
const piece = z.object({
  files: z.number(),
  bytes: z.number(),
  findings: z.array(
    place.extend({
      version: z.string().nullable(),
      fault: z.enum(['missing', 'size', 'checksum', 'unknown']),
    }),
  ),
  after: place.nullable().transform((after) => after ?? undefined),
});

const WORDS: Readonly<Record<FileFinding['fault'], string>> = {
  missing: 'its bytes are not there',
  size: 'its bytes are more or fewer than its row says',
  checksum: 'its bytes are others than were stored, or its row was changed',
  unknown: 'its row names no bytes of the platform’s',
};

const verify: Act = async (operator, { id }, { say, signal, options }) => {
  const bytesPerSecond = rateOf(options.get('rate') ?? '50MB');
  let after = options.has('after') ? placeOf(options.get('after') ?? '') : undefined;
  const isFromStart = after === undefined;
  const pieces: Verified[] = [];
  try {
    do {
      const asked = { signal, body: { after: after ?? null, bytesPerSecond } };
      const found: Verified = await operator.storage.ask('POST', `/files/${id}/verify`, piece, asked);
      pieces.push(found);
      for (const { bucketId, name, version, fault } of found.findings)
        say(`${shown(bucketId)}/${shown(name)}  ${version ?? ''}  ${WORDS[fault]}`);
      after = found.after;
    } while (after);
  } finally {
    if (after) say(`To go on from here: --after ${JSON.stringify(`${after.bucketId}/${after.name}`)}`);
    if (pieces.length > 0) {
      const found = summed(pieces);
      const whole = { ...found, isWhole: found.isWhole && isFromStart };
      await recordVerification(operator, id, whole, metadataOf(operator));
      say(verifiedInWords(whole));
    }
  }
  return pieces.some(({ findings }) => findings.length > 0) ? NOT_AS_IT_SHOULD : 0;
};

const metadataOf = (operator: Operator): EventMetadata => byOperator(operator, 'launchdb storage verify');

function placeOf(text: string): Place {
  const at = text.indexOf('/');
  if (at < 1) throw new Refused('--after is <bucket>/<name>');
  return { bucketId: text.slice(0, at), name: text.slice(at + 1) };
}

/** In bytes a second. A slower one would not come to the end of a large file in the time that one question has. */
function rateOf(text: string): number {
  const megabytes = Number(/^(\d{1,6})MB$/i.exec(text)?.[1] ?? 0);
  if (megabytes < LEAST_RATE_MB) throw new Refused(`--rate is at least ${LEAST_RATE_MB}MB (a second)`);
  return megabytes * MB;
}

const cp: Act = async (operator, { project, rest: [from = '', to = ''] }, { say, signal }) => {
  say(await copyFile(operator, project, { from, to, signal }));
  return 0;
};

/** And how many arguments more each takes. */
const ACTS: Readonly<Record<string, { readonly act: Act; readonly most: number } | undefined>> = {
  usage: { act: usage, most: 0 },
  ls: { act: ls, most: 1 },
  cp: { act: cp, most: 2 },
  verify: { act: verify, most: 0 },
};
