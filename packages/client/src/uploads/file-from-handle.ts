/** Asks for permission to read. A browser asks the user only on a click; otherwise it recalls the answer or refuses. */
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

/** Methods that only Chromium has, absent from the standard types. */
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
