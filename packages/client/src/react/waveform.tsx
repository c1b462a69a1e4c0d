import { type CSSProperties, useMemo } from 'react';

export interface WaveformProps {
  /** Peaks, 0 to 100 each. */
  peaks: readonly number[];
  /** The part that has been played, 0 to 1. */
  played: number;
  className?: string | undefined;
}

const SIZE: CSSProperties = { display: 'block', width: '100%', height: '2rem' };

/** Bars that show the loudness of a recording, in the colour of the text. Bars not yet played are paler. */
export const Waveform = ({ peaks, played, className }: WaveformProps) => {
  const bars = useMemo(
    () => peaks.map((peak, index) => ({ place: index, height: Math.max(peak, 6) })),
    [peaks],
  );
  return (
    <svg
      className={className}
      style={SIZE}
      viewBox={`0 0 ${Math.max(bars.length, 1) * 3} 100`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {bars.map(({ place, height }) => (
        <rect
          key={place}
          x={place * 3}
          y={50 - height / 2}
          width={2}
          height={height}
          rx={1}
          fill="currentColor"
          opacity={(place + 0.5) / bars.length <= played ? 1 : 0.4}
        />
      ))}
    </svg>
  );
};
