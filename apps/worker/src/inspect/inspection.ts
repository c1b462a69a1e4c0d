import type { MediaInput } from '../ffmpeg/containers.ts';
import type { AudioStream, VideoStream } from '../ffmpeg/probe.ts';
import type { QualitySource } from '../images/qualities.ts';
import type { ResponseFields } from '../job/responses.ts';

/** An animation that ffmpeg reads. */
export interface Motion {
  input: MediaInput;
  frames: number;
  durationSeconds: number;
}

export interface InspectedImage extends QualitySource {
  kind: 'image';
  contentType: string;
  /** An animation that sharp cannot keep animated. */
  motion: Motion | undefined;
}

export interface InspectedVideo {
  kind: 'video';
  contentType: string;
  input: MediaInput;
  video: VideoStream;
  /** The first decodable sound. */
  audio: AudioStream | undefined;
  /** It has sound, but none that can be decoded. */
  losesSound: boolean;
  durationSeconds: number;
}

export interface InspectedAudio {
  kind: 'audio';
  contentType: string;
  input: MediaInput;
  audio: AudioStream;
  /** Number of the stream that holds a cover picture. */
  cover: number | undefined;
  durationSeconds: number;
}

/** Describes the content, by its bytes and its decoder. */
export type Inspection =
  | InspectedImage
  | InspectedVideo
  | InspectedAudio
  | { kind: 'document' | 'other'; contentType: string };

/** Returns a response's description of the content. */
export const describe = (inspection: Inspection): ResponseFields => {
  const { kind, contentType } = inspection;
  if (kind === 'image')
    return { kind, contentType, width: inspection.image.width, height: inspection.image.height };
  if (kind === 'audio') return { kind, contentType, durationMs: toMs(inspection.durationSeconds) };
  if (kind === 'video') {
    const { width, height } = inspection.video;
    return { kind, contentType, width, height, durationMs: toMs(inspection.durationSeconds) };
  }
  return { kind, contentType };
};

const toMs = (seconds: number): number => Math.round(seconds * 1_000);
