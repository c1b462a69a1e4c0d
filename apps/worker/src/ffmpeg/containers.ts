/**
 * ffmpeg's demuxer for each sniffed type. The demuxer is forced, never guessed: a playlist named .mp4 would
 * otherwise be followed to other files.
 */
const DEMUXERS: Readonly<Record<string, string>> = {
  'video/mp4': 'mov',
  'video/quicktime': 'mov',
  'video/x-m4v': 'mov',
  'video/3gpp': 'mov',
  'video/3gpp2': 'mov',
  'audio/mp4': 'mov',
  'audio/x-m4a': 'mov',
  'video/webm': 'matroska',
  'audio/webm': 'matroska',
  'video/matroska': 'matroska',
  'audio/matroska': 'matroska',
  'video/vnd.avi': 'avi',
  'video/mp2t': 'mpegts',
  'video/MP1S': 'mpeg',
  'video/MP2P': 'mpeg',
  'video/mpeg': 'mpeg',
  'video/x-flv': 'flv',
  'video/ogg': 'ogg',
  'audio/ogg': 'ogg',
  'application/ogg': 'ogg',
  'audio/opus': 'ogg',
  'audio/mpeg': 'mp3',
  'audio/aac': 'aac',
  'audio/flac': 'flac',
  'audio/wav': 'wav',
  'audio/aiff': 'aiff',
  'audio/amr': 'amr',
  'audio/ac3': 'ac3',
};

/** Undefined: a container that is not opened here. Parameters such as `; codecs=opus` are ignored. */
export const demuxerFor = (contentType: string): string | undefined =>
  DEMUXERS[contentType.split(';')[0]?.trim() ?? ''];

/** The containers that know their own length exactly, so that a missing end can be seen. */
export const knowsItsEnd = (demuxer: string): boolean => demuxer === 'mov' || demuxer === 'matroska';

const DECODERS = [
  ...['h264', 'hevc', 'vp8', 'vp9', 'libvpx', 'libvpx-vp9', 'av1', 'libdav1d', 'libaom-av1'],
  ...[
    'mpeg1video',
    'mpeg2video',
    'mpeg4',
    'msmpeg4v2',
    'msmpeg4',
    'h263',
    'flv',
    'theora',
    'mjpeg',
    'prores',
  ],
  ...['png', 'aac', 'aac_latm', 'mp1', 'mp1float', 'mp2', 'mp2float', 'mp3', 'mp3float', 'opus', 'libopus'],
  ...['vorbis', 'libvorbis', 'flac', 'alac', 'ac3', 'ac3_fixed', 'eac3', 'amrnb', 'amrwb', 'adpcm_ima_wav'],
  ...[
    'libopencore_amrnb',
    'libopencore_amrwb',
    'adpcm_ms',
    'pcm_s16le',
    'pcm_s16be',
    'pcm_s24le',
    'pcm_s24be',
  ],
  ...['pcm_s32le', 'pcm_s32be', 'pcm_u8', 'pcm_s8', 'pcm_alaw', 'pcm_mulaw', 'pcm_f32le', 'pcm_f32be'],
];

const MAX_STREAMS = 32;

/** Arguments that open `file`, a name in the working directory, as this container and as nothing else. */
export const inputArguments = (file: string, demuxer: string): string[] => [
  ...['-protocol_whitelist', 'file,pipe'],
  ...['-format_whitelist', demuxer],
  ...['-codec_whitelist', DECODERS.join(',')],
  ...['-max_streams', String(MAX_STREAMS)],
  ...['-f', demuxer],
  ...['-i', `file:${file}`],
];
