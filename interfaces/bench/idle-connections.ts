/**
 * A program: opens so many keep-alive connections, asks once by each, and holds them until its input ends.
 * `node idle-connections.ts URL COUNT` prints the number of those that are still open, whenever it reads a line.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const [, , url = '', count = '0'] = process.argv;
const { hostname, port, pathname } = new URL(url);
const AT_ONCE = 50;
const held = new Set<Socket>();
let left = Number(count);

async function lane(): Promise<void> {
  while (left-- > 0) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.once('close', () => held.delete(socket));
    held.add(socket);
    socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
    await Promise.race([once(socket, 'data'), once(socket, 'close')]).catch(() => {});
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, lane));
console.log(held.size);
for await (const _ of createInterface({ input: process.stdin })) console.log(held.size);
process.exit(0);
