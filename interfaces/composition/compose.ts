import 'reflect-metadata';
import { Container } from 'inversify';
import { authModule } from './auth-module.ts';
import { mailModule } from './mail-module.ts';
import { capacityModule } from './capacity-module.ts';
import { dataPlaneModule } from './data-plane-module.ts';
import { fileStoreModule } from './file-store-module.ts';
import { gatewayModule } from './gateway-module.ts';
import { imagesModule } from './images-module.ts';
import { installedModule } from './installed-module.ts';
import { logModule } from './log-module.ts';
import type { Machine } from './machine.ts';
import { managedDataPlaneModule } from './managed-data-plane-module.ts';
import { restoredDataPlaneModule } from './restored-data-plane-module.ts';
import { managerModule } from './manager-module.ts';
import { collectorsModule, metricsModule } from './metrics-module.ts';
import { localMigrationsModule, remoteMigrationsModule } from './migrations-module.ts';
import { migrationRoutesModule } from './migration-routes-module.ts';
import { operatorRoutesModule } from './operator-routes-module.ts';
import { operatedPlatformModule } from './operated-platform.ts';
import { ownerRoutesModule, personalTokenRoutesModule } from './owner-routes-module.ts';
import { passwordsModule } from './passwords-module.ts';
import { servedModule } from './served-module.ts';
import { sparesModule } from './spares-module.ts';
import { platformApiModule } from './platform-api-module.ts';
import { poolerGuardModule } from './pooler-guard-module.ts';
import type { PlatformOptions } from './platform-options.ts';
import { postgresModule } from './postgres-module.ts';
import {
  accessRoutesModule,
  authSettingsRoutesModule,
  extensionRoutesModule,
  projectRoutesModule,
  signingKeyRoutesModule,
  storageSettingsRoutesModule,
} from './project-routes-module.ts';
import { localProjectFilesModule, remoteProjectFilesModule } from './project-files-module.ts';
import { projectUseModule } from './project-use-module.ts';
import { projectWatchModule } from './project-watch-module.ts';
import { remoteDataPlaneModule } from './remote-data-plane-module.ts';
import { storageModule } from './storage-module.ts';
import { storageProjectsModule } from './storage-projects-module.ts';
import { tenantConnectionsModule } from './tenant-connections-module.ts';
import { TOKENS } from './tokens.ts';
import { tracingModule } from './tracing-module.ts';
import { usageModule } from './usage-module.ts';
import { workerModule } from './worker-module.ts';

/** Sees the container before anything is made: tests put disturbances in. */
export type Customise = (container: Container) => void;

/** How everything is made from everything else. Nothing is made, let alone started, before it is asked for. */
export function compose(options: PlatformOptions, machine: Machine): Container {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(TOKENS.options).toConstantValue(options);
  container.bind(TOKENS.config).toConstantValue(options.config);
  container.bind(TOKENS.log).toConstantValue(options.log);
  container.bind(TOKENS.machine).toConstantValue(machine);
  const { LAUNCHDB_ROLES: roles } = options.config;
  container.load(metricsModule, tracingModule, postgresModule, logModule, dataPlaneModule, workerModule);
  container.load(roles.includes('migrations') ? localMigrationsModule : remoteMigrationsModule);
  if (roles.includes('manager')) {
    container.load(
      managedDataPlaneModule,
      restoredDataPlaneModule,
      poolerGuardModule,
      projectUseModule,
      projectWatchModule,
    );
    container.load(managerModule, collectorsModule, installedModule);
  } else {
    container.load(remoteDataPlaneModule);
  }
  container.load(
    capacityModule,
    sparesModule,
    tenantConnectionsModule,
    passwordsModule,
    ownerRoutesModule,
    personalTokenRoutesModule,
    projectRoutesModule,
  );
  container.load(accessRoutesModule, extensionRoutesModule, authSettingsRoutesModule, signingKeyRoutesModule);
  container.load(migrationRoutesModule, storageSettingsRoutesModule, storageProjectsModule);
  container.load(roles.includes('storage') ? localProjectFilesModule : remoteProjectFilesModule);
  container.load(operatedPlatformModule, operatorRoutesModule);
  container.load(platformApiModule, servedModule, authModule, fileStoreModule, imagesModule, storageModule);
  container.load(mailModule, gatewayModule, usageModule);
  return container;
}
