/** A file as pickers of React Native and Expo return it. */
export interface PickedFile {
  uri: string;
  name?: string | null | undefined;
  type?: string | null | undefined;
  /** Size in bytes. */
  size: number;
}

/** Reads `length` bytes of a file from `start`, as expo-file-system and react-native-fs do. */
export type ReadBytes = (uri: string, start: number, length: number) => Promise<Uint8Array>;

/** A file of the device for `client.upload`. It is read piece by piece, never as a whole. */
export type NativeFile = Blob & { readonly name: string };

/** @param read a function of the app's file library */
export const fileFrom = ({ uri, name, type, size }: PickedFile, read: ReadBytes): NativeFile => {
  const part = (start: number, end: number, partType: string): Blob => {
    const from = clamp(start, size);
    const to = Math.max(clamp(end, size), from);
    return {
      size: to - from,
      type: partType,
      slice: (first = 0, last = to - from, sliceType = '') =>
        part(from + clamp(first, to - from), from + clamp(last, to - from), sliceType),
      arrayBuffer: async () => {
        const bytes = await read(uri, from, to - from);
        return bytes.slice().buffer;
      },
    } as Blob;
  };
  return Object.assign(part(0, size, type ?? ''), { name: name ?? uri.split('/').at(-1) ?? 'file' });
};

/** Resolves an offset as `Blob.slice` does: a negative one counts from the end, and none passes the end. */
const clamp = (at: number, size: number): number => (at < 0 ? Math.max(size + at, 0) : Math.min(at, size));
