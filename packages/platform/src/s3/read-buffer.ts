import type { OnReadOpts, Socket } from 'node:net';

/** Twice what Node reads at once by default: half as many system calls and chunks for a large body. */
const READ_BYTES = 128 * 1_024;

/**
 * Makes all connections read into one buffer. By default Node takes new memory for each read, which stays until V8 collects it:
 * hundreds of megabytes while bodies pass through this process, with full collections all the time.
 *
 * Node's HTTP parser copies a body out of what it is passed, before the next read; a test holds that.
 */
export const readBuffer = (): OnReadOpts => ({
  buffer: Buffer.allocUnsafeSlow(READ_BYTES),
  callback(this: Socket, bytes: number, buffer: Uint8Array) {
    this.emit('data', buffer.subarray(0, bytes));
    return true;
  },
});
