/** A user is asked only from a click; without one the browser remembers what was allowed, or refuses. */
export const fileFromHandle = async (
  handle: FileSystemFileHandle | undefined,
  mayAsk: boolean,
): Promise<Blob | undefined> => {
  if (handle === undefined) return undefined;
  try {
    const allowed = await permissionOf(handle, mayAsk);
    return allowed ? await handle.getFile() : undefined;
  } catch {
    return undefined;
  }
};

/** Not in the standard types: only Chromium has them. */
interface AskingHandle {
  queryPermission?(): Promise<PermissionState>;
  requestPermission?(): Promise<PermissionState>;
}

const permissionOf = async (
  handle: FileSystemFileHandle & AskingHandle,
  mayAsk: boolean,
): Promise<boolean> => {
  if ((await handle.queryPermission?.()) !== 'prompt') return true;
  return mayAsk && (await handle.requestPermission?.()) === 'granted';
};
