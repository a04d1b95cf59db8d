/** A server that speaks S3 and verifies signatures, in a process of its own. Its folder and its bucket are the arguments; it tells its port. */
import S3rver from '@20minutes/s3rver';
import v4 from '@20minutes/s3rver/lib/signature/v4.js';
import FilesystemStore from '@20minutes/s3rver/lib/stores/filesystem.js';

// the path of a bucket is signed with a slash at its end, and the server leaves that out
const { getStringToSign } = v4;
v4.getStringToSign = ({ uri, ...request }, more) =>
  getStringToSign({ ...request, uri: /^\/[^/]+$/.test(uri) ? `${uri}/` : uri }, more);

// a range that ends with the first byte is taken for one without an end
const { getObject } = FilesystemStore.prototype;
FilesystemStore.prototype.getObject = function exactly(bucket, key, options) {
  return getObject.call(this, bucket, key, options?.end === 0 ? { ...options, end: '0' } : options);
};

const [, , directory = '', bucket = ''] = process.argv;
const server = new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory,
  vhostBuckets: false,
  configureBuckets: [{ name: bucket }],
});
const { port } = await server.run();
process.send?.(port);
// whoever started it is no more
process.on('disconnect', () => process.exit());
