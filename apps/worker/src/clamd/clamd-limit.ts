/** Returns whether clamd refuses a stream of this many bytes: it does so on a chunk's length, before the chunk itself. */
type Refuses = (bytes: number) => Promise<boolean>;

/**
 * Finds the largest stream that clamd accepts (StreamMaxLength), up to `most`. No command reports that, so it is probed with
 * lengths alone: one probe if the limit is above `most`, about thirty otherwise.
 *
 * @returns bytes
 */
export const findStreamLimit = async (most: number, refuses: Refuses): Promise<number> => {
  if (!(await refuses(most))) return most;
  let taken = 0;
  let refused = most;
  while (refused - taken > 1) {
    const middle = Math.floor((taken + refused) / 2);
    if (await refuses(middle)) refused = middle;
    else taken = middle;
  }
  return taken;
};
