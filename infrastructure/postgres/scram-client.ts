import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import pg from 'pg';

/** The driver's own, which its types do not tell of: it emits each message of the server under its name. */
interface Wire extends EventEmitter {
  readonly stream: Duplex;
}

/** the password itself, or what stands for it as well */
const TELLING = new Set(['authenticationCleartextPassword', 'authenticationMD5Password']);
const LET_IN = new Set(['authenticationOk', 'readyForQuery']);

/**
 * Every session of ours: it proves its password by SCRAM and has the server prove that it knows it, too, or it ends. The
 * driver by itself answers whatever it is asked, and works with a server that asks for nothing: a neighbour on this
 * machine who listens on a port of ours, once the server is away, would be told the password, or be sent our statements.
 */
export class ScramClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    requireScram(wireOf(this), `${this.host}:${this.port}`);
  }
}

const wireOf = (client: pg.ClientBase): Wire =>
  (client as unknown as { readonly connection: Wire }).connection;

/** Ends a session with what it runs: of a pipeline, the driver's own `end` waits until all of it was answered. */
export const cutOff = (client: pg.ClientBase): void => void wireOf(client).stream.destroy();

/** @param heard is told how many bytes the server has sent, each time that some come */
export const onBytesFrom = (client: pg.ClientBase, heard: (bytes: number) => void): void =>
  void wireOf(client).stream.on('data', (chunk: Buffer) => heard(chunk.length));

function requireScram(wire: Wire, server: string): void {
  const emit = wire.emit.bind(wire);
  let proved = false;
  let over = false;
  wire.emit = (name: string, ...given: unknown[]): boolean => {
    // also the driver's own finding that the proof is wrong
    if (name === 'error') over ||= !proved;
    else if (over && name !== 'end') return false;
    if (TELLING.has(name) || (LET_IN.has(name) && !proved)) {
      over = true;
      wire.stream.destroy();
      // to those who try again: whoever listens there may be gone then
      return emit(
        'error',
        new Error(`the server at ${server} does not ask for SCRAM (scram-sha-256), which our sessions need`),
      );
    }
    const heard = emit(name, ...given);
    if (name === 'authenticationSASLFinal' && !over) proved = true;
    return heard;
  };
}

/** Opens sessions of their own; what `connection` says goes before what is asked for. */
export const sessionOpener =
  (connection: pg.ClientConfig) =>
  (settings: pg.ClientConfig): pg.Client =>
    new ScramClient({ ...settings, ...connection });
