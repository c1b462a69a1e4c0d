/** HTTP Live Streaming (RFC 8216): each attempt has one folder of files, whose names the worker chooses. */
const HLS_TYPES = {
  m3u8: 'application/vnd.apple.mpegurl',
  mp4: 'video/mp4',
  m4s: 'video/mp4',
} as const;

/** The playlist that lists the renditions. */
export const HLS_PLAYLIST = 'main.m3u8';

const HLS_FILE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.(m3u8|mp4|m4s)$/;

/** Returns the content type of a file in an HLS folder; undefined for a name that occurs in none. */
export const hlsContentType = (file: string): string | undefined => {
  const extension = HLS_FILE.exec(file)?.[1];
  return extension === 'm3u8' || extension === 'mp4' || extension === 'm4s'
    ? HLS_TYPES[extension]
    : undefined;
};

/** Playlists contain relative names: the api serves them from its own origin, never by a redirect. */
export const isHlsPlaylist = (file: string): boolean => file.endsWith('.m3u8');
