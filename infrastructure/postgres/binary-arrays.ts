/**
 * Arrays as PostgreSQL's own binary format, which neither side has to escape or parse. The driver sends a Buffer as binary.
 * The format: the number of dimensions, whether there are nulls, the element's type; the length and the first index; then
 * each element after its length (array_recv in PostgreSQL's arrayfuncs.c).
 */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const INTEGER_BYTES = 4;
const UUID_BYTES = 16;
/** of pg_type; they never change */
const OID = { integer: 23, text: 25, uuid: 2950 } as const;

/** @param list without NUL characters and halves of characters, which the server refuses */
export function textArray(list: readonly string[]): Buffer {
  const bytes = list.reduce((sum, text) => sum + LENGTH_BYTES + Buffer.byteLength(text), 0);
  const array = begun(OID.text, list.length, bytes);
  let at = HEADER_BYTES;
  for (const text of list) {
    const length = array.write(text, at + LENGTH_BYTES);
    array.writeInt32BE(length, at);
    at += LENGTH_BYTES + length;
  }
  return array;
}

/** @param list of 32 bits each */
export function integerArray(list: readonly number[]): Buffer {
  const array = begun(OID.integer, list.length, list.length * (LENGTH_BYTES + INTEGER_BYTES));
  let at = HEADER_BYTES;
  for (const integer of list) {
    at = array.writeInt32BE(INTEGER_BYTES, at);
    at = array.writeInt32BE(integer, at);
  }
  return array;
}

/** @param list with hyphens */
export function uuidArray(list: readonly string[]): Buffer {
  const array = begun(OID.uuid, list.length, list.length * (LENGTH_BYTES + UUID_BYTES));
  let at = HEADER_BYTES;
  for (const uuid of list) {
    at = array.writeInt32BE(UUID_BYTES, at);
    at += array.write(uuid.replaceAll('-', ''), at, 'hex');
  }
  return array;
}

function begun(oid: number, length: number, bytes: number): Buffer {
  const array = Buffer.allocUnsafe(HEADER_BYTES + bytes);
  let at = 0;
  for (const number of [1, 0, oid, length, 1]) at = array.writeInt32BE(number, at);
  return array;
}
