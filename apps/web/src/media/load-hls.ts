import type { LoadHls } from '@claimcheck/client/react';

/** Loads the smaller build. Its worker would be a blob, which the page's policy does not allow. */
export const loadHls: LoadHls = async () => {
  const { default: Hls } = await import('hls.js/light');
  class PlainHls extends Hls {
    constructor(config: ConstructorParameters<typeof Hls>[0]) {
      super({ ...config, enableWorker: false, capLevelToPlayerSize: true });
    }
  }
  return { default: PlainHls as unknown as Awaited<ReturnType<LoadHls>>['default'] };
};
