/**
 * Answers for the names of projects' containers, as Docker's own name server does on a server (DNS over TCP, A records):
 * those it was told of are at 127.0.0.1, no other name is there.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

const HEADER_BYTES = 12;
const A = 1;
const [FOUND, NO_SUCH_NAME] = [0x8180, 0x8183];
/** a pointer to the question's name, type A, class IN, no time to live, four bytes */
const ANSWER = Buffer.from([0xc0, HEADER_BYTES, 0, A, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);

export class ContainerNames {
  readonly #known = new Set<string>();
  /** every name that was asked for */
  readonly asked = new Set<string>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => {
      let pending = Buffer.alloc(0);
      socket.on('error', () => {});
      socket.on('data', (data: Buffer) => {
        pending = Buffer.concat([pending, data]);
        while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
          const end = 2 + pending.readUInt16BE(0);
          const answer = this.#answer(pending.subarray(2, end));
          pending = pending.subarray(end);
          const length = Buffer.alloc(2);
          length.writeUInt16BE(answer.length);
          socket.write(Buffer.concat([length, answer]));
        }
      });
    });
  }

  static async start(): Promise<ContainerNames> {
    const names = new ContainerNames();
    names.#server.listen(0, '127.0.0.1');
    await once(names.#server, 'listening');
    return names;
  }

  /** host:port */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  tell(project: string): void {
    this.#known.add(`postgrest-${project}`);
  }

  stop(): void {
    this.#server.close();
  }

  #answer(question: Buffer): Buffer {
    const labels: string[] = [];
    let at = HEADER_BYTES;
    for (let length = question[at]; length; length = question[at]) {
      labels.push(question.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const name = labels.join('.');
    this.asked.add(name);
    const isKnown = this.#known.has(name);
    const hasAddress = isKnown && question.readUInt16BE(at + 1) === A;
    const header = Buffer.from(question.subarray(0, HEADER_BYTES));
    header.writeUInt16BE(isKnown ? FOUND : NO_SUCH_NAME, 2);
    header.writeUInt16BE(Number(hasAddress), 6);
    header.writeUInt32BE(0, 8);
    return Buffer.concat([
      header,
      question.subarray(HEADER_BYTES, at + 5),
      hasAddress ? ANSWER : Buffer.alloc(0),
    ]);
  }
}
