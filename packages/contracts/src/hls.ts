/** HTTP Live Streaming (RFC 8216): one folder of files per attempt, named by us and beside each other. */
const HLS_TYPES = {
  m3u8: 'application/vnd.apple.mpegurl',
  mp4: 'video/mp4',
  m4s: 'video/mp4',
} as const;

/** The playlist that names the renditions. */
export const HLS_PLAYLIST = 'main.m3u8';

const HLS_FILE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.(m3u8|mp4|m4s)$/;

/** The content type of a file of an HLS folder; undefined for a name that none of them has. */
export const hlsContentType = (file: string): string | undefined => {
  const extension = HLS_FILE.exec(file)?.[1];
  return extension === 'm3u8' || extension === 'mp4' || extension === 'm4s'
    ? HLS_TYPES[extension]
    : undefined;
};

/** Playlists name their files relatively: they are served from our own origin, never by a redirect. */
export const isHlsPlaylist = (file: string): boolean => file.endsWith('.m3u8');
