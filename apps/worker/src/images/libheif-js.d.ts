/** The part of libheif-js that is used; its own types describe the compiled C functions only. */
declare module 'libheif-js/wasm-bundle.js' {
  interface HeifImage {
    get_width(): number;
    get_height(): number;
    is_primary(): boolean;
    /** Fills `target.data` with RGBA; null when that fails. */
    display(
      target: { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> },
      done: (target: { data: Uint8ClampedArray<ArrayBuffer> } | null) => void,
    ): void;
  }
  const libheif: {
    HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] };
  };
  export default libheif;
}
