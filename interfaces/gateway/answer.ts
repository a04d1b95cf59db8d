/** An upstream's answer: its head, and its body, which goes to the client as it comes or to whoever changes it as a stream. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { valueOf, type HeaderList } from './headers.ts';

export class Answer {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly headers: HeaderList;
  readonly #controller: Dispatcher.DispatchController;
  #to: Readable | ServerResponse | undefined;
  #notRead: NodeJS.Timeout | undefined;
  #alone: NodeJS.Immediate | undefined;

  constructor(controller: Dispatcher.DispatchController, statusCode: number, statusMessage: string) {
    this.#controller = controller;
    this.statusCode = statusCode;
    this.statusMessage = statusMessage;
    // without HTTP/2 it is names and values in turn, as they came
    this.headers = (controller.rawHeaders as Buffer[]).map((text) => text.toString('latin1'));
  }

  /** @param name in lower case */
  header(name: string): string | undefined {
    return valueOf(this.headers, name);
  }

  /** Its body for whoever looks at it first; what nobody asks for is thrown away. */
  stream(): Readable {
    return (this.#to = new Readable({ read: () => this.#controller.resume() }));
  }

  /**
   * Its body to the client, as it comes.
   * @param silenceMs how long the client may read nothing
   */
  pass(response: ServerResponse, silenceMs: number, tooLong: () => void): void {
    this.#to = response;
    // headers leave together with the first bytes; of a stream that begins with silence they leave alone
    this.#alone = setImmediate(() => response.flushHeaders());
    this.#wait = () => {
      this.#controller.pause();
      this.#notRead = setTimeout(tooLong, silenceMs);
      response.once('drain', () => {
        clearTimeout(this.#notRead);
        this.#controller.resume();
      });
    };
  }

  #wait = (): void => this.#controller.pause();

  push(chunk: Buffer): void {
    clearImmediate(this.#alone);
    if (!this.#to) return;
    const more = this.#to instanceof Readable ? this.#to.push(chunk) : this.#to.write(chunk);
    if (!more) this.#wait();
  }

  end(): void {
    this.stop();
    if (this.#to instanceof Readable) this.#to.push(null);
    else this.#to?.end();
  }

  /** No more of it comes, or nobody waits for it any more. */
  stop(): void {
    clearTimeout(this.#notRead);
    clearImmediate(this.#alone);
  }
}
