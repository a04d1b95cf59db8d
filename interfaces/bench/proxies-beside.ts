/** nginx and HAProxy, as Debian has them, as plain reverse proxies that keep their connections: how fast a door could be here. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testFolder } from '../../infrastructure/testing/folder.ts';
import { testPort } from '../../infrastructure/testing/port.ts';
import { haproxyProgram, nginxProgram, runBeside } from './programs-beside.ts';
import type { Context } from './section.ts';

const KEPT = 64;

export interface ProxiesBeside {
  /** where they listen */
  readonly nginx: number;
  readonly haproxy: number;
}

/** @param upstream the port that both pass everything on to */
export async function proxiesBeside(context: Context, upstream: number): Promise<ProxiesBeside> {
  const folder = await testFolder();
  context.atEnd(() => folder.remove());
  const ports = { nginx: await testPort(), haproxy: await testPort() };
  const files = { nginx: join(folder.path, 'nginx.conf'), haproxy: join(folder.path, 'haproxy.cfg') };
  await writeFile(files.nginx, nginxConf(folder.path, ports.nginx, upstream));
  await writeFile(files.haproxy, haproxyConf(ports.haproxy, upstream));
  const url = (port: number) => `http://127.0.0.1:${port}/`;
  const errors = join(folder.path, 'error.log');
  const nginx = await runBeside(
    await nginxProgram(),
    ['-c', files.nginx, '-p', folder.path, '-e', errors],
    url(ports.nginx),
  );
  context.atEnd(() => nginx.stop());
  const haproxy = await runBeside(await haproxyProgram(), ['-db', '-f', files.haproxy], url(ports.haproxy));
  context.atEnd(() => haproxy.stop());
  return ports;
}

const nginxConf = (folder: string, port: number, upstream: number): string => `daemon off;
user root;
worker_processes auto;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path ${folder}/bodies;
  proxy_temp_path ${folder}/temporary;
  fastcgi_temp_path ${folder}/temporary;
  uwsgi_temp_path ${folder}/temporary;
  scgi_temp_path ${folder}/temporary;
  upstream behind { server 127.0.0.1:${upstream}; keepalive ${KEPT}; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass http://behind;
    }
  }
}
`;

const haproxyConf = (port: number, upstream: number): string => `global
  maxconn 1024
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend door
  bind 127.0.0.1:${port}
  default_backend behind
backend behind
  server one 127.0.0.1:${upstream} pool-max-conn ${KEPT}
`;
