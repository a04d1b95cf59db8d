import { request } from 'node:http';

/** @returns the status of the answer; 0: there is none */
export function httpStatus(
  to: { readonly host: string; readonly port: number },
  path: string,
): Promise<number> {
  return new Promise((resolve) => {
    const none = () => resolve(0);
    request({ ...to, path, agent: false, timeout: 2_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', none)
      .on('timeout', none)
      .end();
  });
}
