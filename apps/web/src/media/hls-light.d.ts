/** The package has no types for its smaller build, which exports the same class. */
declare module 'hls.js/light' {
  export { default } from 'hls.js';
}
