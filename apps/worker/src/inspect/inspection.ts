import type { MediaInput } from '../ffmpeg/ffmpeg.ts';
import type { Probe, VideoStream } from '../ffmpeg/probe.ts';
import type { ImageInfo } from '../images/open-image.ts';
import type { ResponseFields } from '../job/responses.ts';

export interface InspectedImage {
  kind: 'image';
  contentType: string;
  image: ImageInfo;
  /** Absolute path of what our decoders open: the source, or a copy in another format. */
  path: string;
}

export interface InspectedVideo {
  kind: 'video';
  contentType: string;
  input: MediaInput;
  video: VideoStream;
  audio: Probe['audio'];
  durationSeconds: number;
}

/** What the content is, by its bytes and its decoder. */
export type Inspection =
  | InspectedImage
  | InspectedVideo
  | { kind: 'audio'; contentType: string; durationSeconds: number }
  | { kind: 'document' | 'other'; contentType: string };

/** What a response says of it. */
export const describe = (inspection: Inspection): ResponseFields => {
  const { kind, contentType } = inspection;
  if (kind === 'image')
    return { contentType, width: inspection.image.width, height: inspection.image.height };
  if (kind === 'audio') return { contentType, durationMs: toMs(inspection.durationSeconds) };
  if (kind === 'video') {
    const { width, height } = inspection.video;
    return { contentType, width, height, durationMs: toMs(inspection.durationSeconds) };
  }
  return { contentType };
};

const toMs = (seconds: number): number => Math.round(seconds * 1_000);
