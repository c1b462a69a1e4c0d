import type { Media, Quality } from '../wire/media.ts';
import type { MediaElementUrls } from './media.ts';

/** Returns whether the file itself may be requested. Before and after these states the service would refuse. */
const isDeliverable = ({ state }: Media): boolean =>
  state === 'ready' || state === 'degraded' || state === 'expiring';

/** Returns the qualities of a media object that can be requested now. */
export const availableQualities = (media: Media): Quality[] => {
  const stored = media.qualities.map(({ quality }) => quality);
  if (isDeliverable(media)) return [...stored, 'source'];
  const isPending = media.state === 'processing';
  return isPending ? stored.filter((quality) => quality === 'thumbnail') : [];
};

/** Returns the stable URL of each available quality, with the session's token. */
export const elementUrls = (media: Media, token: string | undefined): MediaElementUrls => {
  if (token === undefined) return {};
  const urls: Partial<Record<Quality | 'hls', string>> = {};
  for (const quality of availableQualities(media)) {
    const url = new URL(urlOf(media, quality));
    url.searchParams.set('t', token);
    urls[isPlaylist(media, quality) ? 'hls' : quality] = url.href;
  }
  return urls;
};

export const isPlaylist = (media: Media, wanted: Quality): boolean =>
  media.qualities.some(({ quality, format }) => quality === wanted && format === 'm3u8');

const urlOf = (media: Media, quality: Quality): string => {
  const known = {
    thumbnail: media.thumbnailUrl,
    low: media.lowUrl,
    medium: media.mediumUrl,
    high: media.highUrl,
  };
  if (quality !== 'source' && quality !== 'original') return known[quality] ?? siblingUrl(media, quality);
  return siblingUrl(media, quality);
};

/** All qualities of a media object share a path; the query, which names the version, stays. */
const siblingUrl = ({ mediaUrl }: Media, quality: Quality): string =>
  new URL(quality + new URL(mediaUrl).search, mediaUrl).href;
