/** nginx, as Debian has it, that does with files what the storage service does: the measure of how fast bytes could move here. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { testPort } from '../../infrastructure/testing/port.ts';
import { runNginx } from './programs-beside.ts';

export interface NginxBeside {
  /** of a file in the folder */
  download(name: string): string;
  /** keeps a body in a file, which it removes afterwards */
  readonly upload: string;
  stop(): Promise<void>;
}

/** @param folder which it serves, and keeps uploads beside */
export async function nginxBeside(folder: string): Promise<NginxBeside> {
  const [port, sink] = [await testPort(), await testPort()];
  for (const name of ['files', 'bodies', 'temporary']) await mkdir(join(folder, name), { recursive: true });
  const url = `http://127.0.0.1:${port}`;
  const nginx = await runNginx(folder, movingFiles(folder, port, sink), `${url}/ready`);
  return {
    download: (name) => `${url}/files/${name}`,
    upload: `${url}/upload/`,
    stop: () => nginx.stop(),
  };
}

/** A location reads a body only when it hands it on: to a server of its own that wants none. */
const movingFiles = (folder: string, port: number, sink: number): string => `  sendfile on;
  tcp_nopush on;
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${port};
    location /ready { return 200; }
    location /files/ { root ${folder}; }
    location /upload/ {
      client_body_in_file_only clean;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_pass http://127.0.0.1:${sink}/;
    }
  }
  server {
    listen 127.0.0.1:${sink};
    location / { return 200; }
  }
`;
