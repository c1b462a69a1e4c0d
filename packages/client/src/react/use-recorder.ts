import { useEffect, useRef, useState } from 'react';

export interface UsedRecorder {
  /** Whether this browser can record and the page is secure. */
  isPossible: boolean;
  state: 'idle' | 'recording' | 'refused';
  seconds: number;
  /** Loudness so far, 0 to 100, the newest value last. */
  levels: readonly number[];
  /** Asks the user for the microphone, then starts recording. */
  start: () => Promise<void>;
  /** Stops, and resolves with the recording. */
  stop: () => Promise<File | undefined>;
  /** Stops, and discards the recording. */
  cancel: () => void;
}

const LEVEL_EVERY_MS = 100;
const MOST_LEVELS = 60;
/** In order of preference: formats that play nearly everywhere come first. */
const TYPES = ['audio/mp4', 'audio/webm;codecs=opus', 'audio/ogg;codecs=opus'];

interface Recording {
  recorder: MediaRecorder;
  end: () => void;
}

/** Records a voice message with the device's microphone. */
export const useRecorder = (): UsedRecorder => {
  const [state, setState] = useState<UsedRecorder['state']>('idle');
  const [levels, setLevels] = useState<readonly number[]>([]);
  const [seconds, setSeconds] = useState(0);
  const current = useRef<Recording>(undefined);

  const end = () => {
    current.current?.end();
    current.current = undefined;
    setState('idle');
    setLevels([]);
    setSeconds(0);
  };
  useEffect(() => () => current.current?.end(), []);

  const start = async () => {
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      setState('refused');
      return;
    }
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, mimeType === undefined ? {} : { mimeType });
    const watch = watchLevels(stream, (level) => {
      setLevels((before) => [...before.slice(1 - MOST_LEVELS), level]);
      setSeconds((before) => before + LEVEL_EVERY_MS / 1_000);
    });
    recorder.start();
    current.current = {
      recorder,
      end: () => {
        watch.end();
        if (recorder.state !== 'inactive') recorder.stop();
        for (const track of stream.getTracks()) track.stop();
      },
    };
    setState('recording');
  };

  const stop = async () => {
    const recorder = current.current?.recorder;
    if (recorder === undefined) return undefined;
    const data = new Promise<Blob>((resolve) => {
      recorder.ondataavailable = (event) => resolve(event.data);
    });
    end();
    const blob = await data;
    const type = blob.type.split(';')[0] ?? 'audio/webm';
    return new File([blob], `voice.${type === 'audio/mp4' ? 'm4a' : type.split('/')[1]}`, { type });
  };

  const isPossible = 'MediaRecorder' in globalThis && 'mediaDevices' in (globalThis.navigator ?? {});
  return { isPossible, state, seconds, levels, start, stop, cancel: end };
};

/** Reports the loudness, 0 to 100, ten times a second. */
const watchLevels = (stream: MediaStream, onLevel: (level: number) => void): { end: () => void } => {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    onLevel(Math.min(100, Math.round(Math.sqrt(peak) * 100)));
  }, LEVEL_EVERY_MS);
  return {
    end: () => {
      clearInterval(timer);
      void context.close();
    },
  };
};
