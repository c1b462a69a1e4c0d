/** What pickers of React Native and Expo return. */
export interface PickedFile {
  uri: string;
  name?: string | null | undefined;
  type?: string | null | undefined;
  /** Bytes. */
  size: number;
}

/** Reads `length` bytes of a file from `start` on, as expo-file-system and react-native-fs can. */
export type ReadBytes = (uri: string, start: number, length: number) => Promise<Uint8Array>;

/** A file of the device as `client.upload` takes it: read piece by piece, and never as a whole. */
export type NativeFile = Blob & { readonly name: string };

/** @param read of the app's file library */
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

/** As `Blob.slice` counts: from the end when it is negative, and never beyond it. */
const clamp = (at: number, size: number): number => (at < 0 ? Math.max(size + at, 0) : Math.min(at, size));
