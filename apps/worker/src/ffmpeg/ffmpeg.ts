import { availableParallelism } from 'node:os';
import { MediaFailure } from '../job/media-failure.ts';
import { type ConfinementPrograms, confine, MAX_THREADS } from './confinement.ts';
import { inputArguments } from './containers.ts';
import { isPlausible, type Probe, readProbe } from './probe.ts';
import { type ProgramResult, runProgram } from './run-program.ts';

export interface FfmpegPrograms extends ConfinementPrograms {
  ffmpeg: string;
  ffprobe: string;
}

/** A file in a job's folder, and how it is opened. */
export interface MediaInput {
  folder: string;
  /** Name in the folder. */
  file: string;
  /** ffmpeg's demuxer. */
  demuxer: string;
}

interface RunOptions {
  signal: AbortSignal;
  timeoutMs: number;
}

const PROBE_TIMEOUT_MS = 30_000;
const VERSION_TIMEOUT_MS = 2_000;
const VERSION_CHARACTERS = 64;
const ENTRIES =
  'format=duration:stream=index,codec_type,codec_name,pix_fmt,width,height,sample_aspect_ratio,duration:' +
  'stream_disposition=attached_pic:stream_side_data=rotation';

/** FFMPEG_PATH of a worker that has no ffmpeg and needs none: videos and audio are delivered as files. */
export const NO_FFMPEG = 'none';

/** The only place that runs ffmpeg and ffprobe. */
export class Ffmpeg {
  readonly #programs: FfmpegPrograms;
  readonly #maxPixels: number;
  readonly #threads: string;

  /**
   * @param options.maxPixels of a decoded picture
   * @param options.cores of this machine, or those that the container may use
   */
  constructor(programs: FfmpegPrograms, options: { maxPixels: number; cores?: number }) {
    const { maxPixels, cores = availableParallelism() } = options;
    this.#programs = programs;
    this.#maxPixels = maxPixels;
    // As many as decoders and x264 take by themselves, where that is not too many.
    this.#threads = String(Math.min(MAX_THREADS, Math.ceil(cores * 1.5)));
  }

  get isAvailable(): boolean {
    return this.#programs.ffmpeg !== NO_FFMPEG;
  }

  /** Such as `5.1.9-0+deb12u1`. @throws Error when it does not run */
  async version(folder: string): Promise<string> {
    const { exitCode, stdout } = await runProgram({
      command: [this.#programs.ffmpeg, '-version'],
      cwd: folder,
      timeoutMs: VERSION_TIMEOUT_MS,
      signal: new AbortController().signal,
    });
    const [, version] = /^ffmpeg version (\S+)/.exec(stdout) ?? [];
    if (exitCode !== 0 || version === undefined) throw new Error('ffmpeg does not tell its version');
    return version.slice(0, VERSION_CHARACTERS);
  }

  /** @throws MediaFailure `unreadable` */
  async probe(input: MediaInput, signal: AbortSignal): Promise<Probe> {
    const result = await this.#ffprobe(input, ['-of', 'json', '-show_entries', ENTRIES], signal);
    return readProbe(result.stdout);
  }

  /**
   * When the last packet from `fromSeconds` on ends, in seconds; undefined when there is none.
   * `isCut`: the file ends in the middle of what its index promises.
   *
   * @throws MediaFailure `unreadable`
   */
  async findEnd(
    input: MediaInput,
    fromSeconds: number,
    signal: AbortSignal,
  ): Promise<{ seconds: number | undefined; isCut: boolean }> {
    const { stdout, stderr } = await this.#ffprobe(
      input,
      [
        ...['-read_intervals', `${Math.max(0, fromSeconds)}%`],
        ...['-show_entries', 'packet=pts_time,duration_time', '-of', 'csv=p=0'],
      ],
      signal,
    );
    let seconds: number | undefined;
    for (const line of stdout.split('\n')) {
      const [start, length] = line.split(',').map(Number);
      const end = (start ?? Number.NaN) + (Number.isFinite(length) ? (length ?? 0) : 0);
      if (!isPlausible(end)) continue;
      seconds = Math.max(seconds ?? 0, end);
    }
    return { seconds, isCut: /partial file|file ended prematurely/i.test(stderr) };
  }

  /**
   * Converts a file into others in the same folder. Pictures of too many pixels are left out.
   *
   * @param output arguments after the input
   * @param onLine told each line of `-progress`
   * @throws MediaFailure when ffmpeg can't read the file or takes too long; Error when the disk is full
   */
  async convert(
    input: MediaInput,
    options: RunOptions & {
      before?: readonly string[];
      output: readonly string[];
      background?: boolean;
      /** What is larger is not written, and ends it. */
      maxFileBytes?: number;
      onLine?: (line: string) => void;
    },
  ): Promise<void> {
    const command = confine(
      [
        this.#programs.ffmpeg,
        ...['-nostdin', '-hide_banner', '-v', 'error', '-y'],
        ...(options.onLine === undefined ? [] : ['-progress', 'pipe:1', '-stats_period', '0.5']),
        ...['-filter_threads', this.#threads, '-threads', this.#threads],
        ...(options.before ?? []),
        // A stream may grow on its way, long after ffprobe told its size. Not for ffprobe, which would then
        // tell none.
        ...['-max_pixels', String(this.#maxPixels)],
        ...inputArguments(input.file, input.demuxer),
        ...['-threads', this.#threads],
        ...options.output,
      ],
      this.#programs,
      { background: options.background ?? false, maxFileBytes: options.maxFileBytes },
    );
    const result = await runProgram({
      command,
      cwd: input.folder,
      timeoutMs: options.timeoutMs,
      signal: options.signal,
      ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
    });
    throwIfFailed(result);
  }

  async #ffprobe(input: MediaInput, args: readonly string[], signal: AbortSignal): Promise<ProgramResult> {
    const result = await runProgram({
      command: confine(
        [this.#programs.ffprobe, '-v', 'error', ...args, ...inputArguments(input.file, input.demuxer)],
        this.#programs,
        { background: false },
      ),
      cwd: input.folder,
      timeoutMs: PROBE_TIMEOUT_MS,
      signal,
    });
    throwIfFailed(result);
    return result;
  }
}

const throwIfFailed = (result: ProgramResult): void => {
  if (result.ended === 'exited' && result.exitCode === 0) return;
  if (/No space left on device/.test(result.stderr)) throw new Error('the disk of the job folder is full');
  const detail = result.stderr.trim().split('\n').at(-1) ?? '';
  // At a limit: its own fault as far as one can tell, but an operator may raise the limit and redrive.
  if (result.ended !== 'exited')
    throw new MediaFailure('processing_failed', { detail: `${result.ended}: ${detail}` });
  throw new MediaFailure('unreadable', { detail });
};
