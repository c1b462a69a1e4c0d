import { type UsedRecorder, Waveform } from '@claimcheck/client/react';
import { IconButton } from '../ui/icon-button.tsx';
import { formatDuration } from '../words/format-duration.ts';

interface RecordingBarProps {
  recorder: UsedRecorder;
  onRecorded: (file: File) => void;
}

/** Replaces the text field while a voice message is recorded. */
export const RecordingBar = ({ recorder, onRecorded }: RecordingBarProps) => {
  const stop = async () => {
    const file = await recorder.stop();
    if (file) onRecorded(file);
  };
  return (
    <div className="row recording" data-testid="recording">
      <IconButton icon="trash" label="Drop the recording" onClick={recorder.cancel} />
      <Waveform peaks={recorder.levels} played={1} className="grow" />
      <span className="size">{formatDuration(recorder.seconds)}</span>
      <IconButton
        icon="stop"
        label="End the recording"
        className="primary"
        data-testid="recording-stop"
        onClick={() => void stop()}
      />
    </div>
  );
};
