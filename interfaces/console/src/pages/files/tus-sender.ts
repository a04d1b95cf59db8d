/** Sends files by TUS, so that one that breaks off goes on where it was. The client for it is loaded with the first upload. */
import type { DetailedError, Upload } from 'tus-js-client';
import { ApiProblem } from '../../api/problem.ts';
import { serviceToken } from '../../api/service-token.ts';
import type { MakeSender } from './upload-queue.ts';

const CHUNK_BYTES = 6 * 1024 * 1024;
const RETRY_AFTER_MS = [500, 1_000, 3_000, 5_000, 10_000];

export const tusSender =
  (project: string): MakeSender =>
  async ({ bucket, path, file, replaces }, heard) => {
    const { Upload: TusUpload } = await import('tus-js-client');
    const upload: Upload = new TusUpload(file, {
      endpoint: `${location.origin}/project/${project}/storage/v1/upload/resumable`,
      chunkSize: CHUNK_BYTES,
      uploadDataDuringCreation: true,
      retryDelays: RETRY_AFTER_MS,
      // what is uploaded is nobody's to find in this browser afterwards
      storeFingerprintForResuming: false,
      metadata: {
        bucketName: bucket,
        objectName: path,
        contentType: file.type || 'application/octet-stream',
        cacheControl: '3600',
      },
      headers: { 'x-upsert': String(replaces) },
      async onBeforeRequest(request) {
        const token = await serviceToken(project, 'storage');
        request.setHeader('authorization', `Bearer ${token}`);
        request.setHeader('apikey', token);
      },
      onUploadUrlAvailable() {
        upload.url = upload.url && ownAddress(upload.url, location.origin);
      },
      onShouldRetry: (error) => mayHelp(error.originalResponse?.getStatus() ?? 0),
      onProgress: (sent) => heard.progress(sent),
      onSuccess: () => heard.done(),
      onError: (error) => heard.failed(problemOf(error)),
    });
    return {
      start: () => upload.start(),
      pause: () => upload.abort(false),
      cancel: () => upload.abort(upload.url !== null),
    };
  };

/** The platform tells its public address; the page may speak to its own alone, which may be another name of the same. */
export const ownAddress = (url: string, origin: string): string => {
  const { pathname, search } = new URL(url, origin);
  return `${origin}${pathname}${search}`;
};

/** Nobody answered, the platform is ill, or another request still sends to the same upload. */
const mayHelp = (status: number): boolean =>
  status === 0 || status >= 500 || status === 423 || status === 429;

function problemOf(error: Error | DetailedError): unknown {
  const response = 'originalResponse' in error ? error.originalResponse : null;
  if (!response) return error;
  return new ApiProblem(response.getStatus(), membersOf(response.getBody()), '');
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
