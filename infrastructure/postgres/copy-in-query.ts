import pg from 'pg';

/** What the driver's own query calls of a connection, and of itself; its types leave them out. */
interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  flush(): void;
  sync(): void;
}
interface DriversQuery {
  handleError(error: Error, connection: CopyConnection): void;
}

/**
 * COPY ... FROM STDIN with its data. By the extended protocol, which takes one statement and no more, whatever its
 * text is. `rows` has the driver send its Sync when the copy is over: one that is sent with the statement would be
 * swallowed by the copy, or be answered before its data is read.
 */
export class CopyInQuery extends pg.Query {
  readonly #data: string;

  constructor(text: string, data: string) {
    super({ text, rows: 1 } as pg.QueryConfig);
    this.#data = data;
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(Buffer.from(this.#data));
    connection.endCopyFrom();
    // its answer would wait for the Sync that waits for it
    connection.flush();
  }

  handleError(error: Error, connection: CopyConnection): void {
    // with `rows` the driver forgets it after an error
    if (error instanceof pg.DatabaseError) connection.sync();
    (pg.Query.prototype as unknown as DriversQuery).handleError.call(this, error, connection);
  }
}
