/** The files of projects, for those who know nothing else of them: of this process, or asked for from afar. */
import { ContainerModule } from 'inversify';
import { StoredProjectFiles } from '../../application/storage/stored-project-files.ts';
import { InternalClient } from '../../infrastructure/internal-client/internal-client.ts';
import { RemoteProjectFiles } from '../../infrastructure/internal-client/remote-project-files.ts';
import { needs } from './needs.ts';
import { TOKENS } from './tokens.ts';

export const localProjectFilesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.projectFiles).toResolvedValue(
    ...needs(
      {
        store: TOKENS.objectStore,
        spool: TOKENS.uploadSpool,
        images: TOKENS.images,
        usage: TOKENS.fileUsage,
      },
      (dependencies) => new StoredProjectFiles(dependencies),
    ),
  );
});

export const remoteProjectFilesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.projectFiles).toResolvedValue(
    ...needs(
      { config: TOKENS.config, internalKeys: TOKENS.internalKeys, tracing: TOKENS.tracing },
      ({ config: { STORAGE_URL: url }, internalKeys: [internalKey], tracing }) =>
        new RemoteProjectFiles(new InternalClient({ url, internalKey, service: 'storage', tracing })),
    ),
  );
});
