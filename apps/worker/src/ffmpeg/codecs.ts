/** Codecs of pictures and films that people send, by the names that ffprobe prints. */
const VIDEO = [
  ...['h264', 'hevc', 'vp8', 'vp9', 'av1', 'mpeg1video', 'mpeg2video', 'mpeg4', 'msmpeg4v1', 'msmpeg4v2'],
  ...[
    'msmpeg4v3',
    'h261',
    'h263',
    'h263i',
    'h263p',
    'flv1',
    'theora',
    'mjpeg',
    'mjpegb',
    'prores',
    'dvvideo',
  ],
  ...[
    'dnxhd',
    'huffyuv',
    'ffvhuff',
    'cinepak',
    'qtrle',
    'ffv1',
    'rawvideo',
    'utvideo',
    'svq1',
    'svq3',
    'rpza',
  ],
  ...[
    'wmv1',
    'wmv2',
    'wmv3',
    'vc1',
    'vp6',
    'vp6f',
    'indeo3',
    'indeo5',
    'msvideo1',
    'cfhd',
    'v210',
    'jpeg2000',
  ],
  ...['png', 'apng', 'gif', 'bmp', 'webp', 'tiff', 'jpegxl'],
];

const AUDIO = [
  ...[
    'aac',
    'aac_latm',
    'mp1',
    'mp2',
    'mp3',
    'opus',
    'vorbis',
    'flac',
    'alac',
    'ac3',
    'eac3',
    'dts',
    'truehd',
  ],
  ...['amr_nb', 'amr_wb', 'speex', 'gsm', 'gsm_ms', 'wmav1', 'wmav2', 'wmapro', 'wmavoice', 'wmalossless'],
  ...['adpcm_ima_wav', 'adpcm_ima_qt', 'adpcm_ms', 'adpcm_g722', 'adpcm_g726', 'adpcm_swf', 'adpcm_yamaha'],
  ...['pcm_s16le', 'pcm_s16be', 'pcm_s24le', 'pcm_s24be', 'pcm_s32le', 'pcm_s32be', 'pcm_u8', 'pcm_s8'],
  ...['pcm_alaw', 'pcm_mulaw', 'pcm_f32le', 'pcm_f32be', 'pcm_f64le', 'pcm_f64be', 'pcm_bluray', 'pcm_dvd'],
  ...['wavpack', 'ape', 'tta', 'nellymoser', 'qdm2', 'qdmc', 'mace3', 'mace6'],
];

/** ffprobe opens these too, but nothing is decoded from them. */
const SUBTITLES = [
  ...[
    'mov_text',
    'subrip',
    'srt',
    'ass',
    'ssa',
    'webvtt',
    'text',
    'dvdsub',
    'dvbsub',
    'pgssub',
    'xsub',
    'cc_dec',
  ],
];

/** Decoders whose name differs from that of their codec. */
const DECODERS = [
  ...['libvpx', 'libvpx-vp9', 'libdav1d', 'libaom-av1', 'msmpeg4', 'flv', 'libjxl', 'libopenjpeg'],
  ...['mp1float', 'mp2float', 'mp3float', 'libopus', 'libvorbis', 'ac3_fixed', 'dca', 'libspeex', 'libgsm'],
  ...['libgsm_ms', 'amrnb', 'amrwb', 'g722', 'g726'],
];

/** The decoders that ffmpeg may use, for `-codec_whitelist`. */
export const ALLOWED_CODECS: readonly string[] = [...VIDEO, ...AUDIO, ...SUBTITLES, ...DECODERS];

const decodable = { video: new Set(VIDEO), audio: new Set(AUDIO) };

/** Returns whether the worker decodes a stream of this codec, as ffprobe names it. */
export const isDecodable = (type: 'video' | 'audio', codec: string): boolean => decodable[type].has(codec);
