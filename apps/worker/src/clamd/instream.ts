/** What stands before each chunk of an INSTREAM session (clamd(8)): its length in 4 bytes, big-endian. */
export const lengthOf = (bytes: number): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(bytes);
  return header;
};
