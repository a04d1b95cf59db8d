/** nginx and HAProxy, as Debian has them, as plain reverse proxies that keep their connections: how fast a door could be here. */
import { testFolder } from '../../infrastructure/testing/folder.ts';
import { testPort } from '../../infrastructure/testing/port.ts';
import { runHaproxy, runNginx } from './programs-beside.ts';
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
  const url = (port: number) => `http://127.0.0.1:${port}/`;
  const nginx = await runNginx(folder.path, passingOn(ports.nginx, upstream), url(ports.nginx));
  context.atEnd(() => nginx.stop());
  const haproxy = await runHaproxy(folder.path, haproxyConf(ports.haproxy, upstream), url(ports.haproxy));
  context.atEnd(() => haproxy.stop());
  return ports;
}

const passingOn = (
  port: number,
  upstream: number,
): string => `  upstream behind { server 127.0.0.1:${upstream}; keepalive ${KEPT}; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass http://behind;
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
