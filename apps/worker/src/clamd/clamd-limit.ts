/** Whether clamd refuses a stream of so many bytes: it says so when it reads a chunk's length, before the chunk. */
type Refuses = (bytes: number) => Promise<boolean>;

/**
 * The largest stream that clamd takes (StreamMaxLength), up to `most`. No command of its protocol tells
 * that, so it is asked for by lengths alone: one question when nothing is in the way, about thirty otherwise.
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
