import { type CSSProperties, type KeyboardEvent, useId } from 'react';
import { type ChosenFile, type SentMessage, useComposer } from './use-composer.ts';
import { useObjectUrl } from './use-object-url.ts';
import { type UsedRecorder, useRecorder } from './use-recorder.ts';
import { Waveform } from './waveform.tsx';

/** Texts of the composer. Replace them for other languages or other words. */
export interface ComposerLabels {
  message: string;
  /** Replaces `message` while files are chosen. */
  caption: string;
  addFiles: string;
  remove: string;
  send: string;
  record: string;
  stop: string;
  discard: string;
  /** Said when the browser does not give the page a microphone. */
  refused: string;
}

export interface ComposerProps {
  conversationId: string;
  labels?: Partial<ComposerLabels> | undefined;
  className?: string | undefined;
  style?: CSSProperties | undefined;
  /** Called with each message that was sent. */
  onSent?: ((sent: readonly SentMessage[]) => void) | undefined;
}

const DEFAULT_LABELS: ComposerLabels = {
  message: 'Message',
  caption: 'Caption',
  addFiles: 'Add files',
  remove: 'Remove',
  send: 'Send',
  record: 'Record',
  stop: 'Stop',
  discard: 'Discard',
  refused: 'This page may not use the microphone.',
};

/**
 * A text field with files and voice messages: files wait with a caption until they are sent, several as one album.
 * Accepts pasted and dropped files. For a markup of your own, use `useComposer` and `useRecorder`.
 */
export const Composer = ({ conversationId, className, style, onSent, ...props }: ComposerProps) => {
  const composer = useComposer(conversationId, { onSent });
  const recorder = useRecorder();
  const id = useId();
  const labels = { ...DEFAULT_LABELS, ...props.labels };
  const words = composer.files.length > 0 ? labels.caption : labels.message;
  const sendOnEnter = (event: KeyboardEvent) => {
    // Enter also ends the input of a Japanese or Chinese word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    if (composer.canSend) composer.send();
  };
  if (recorder.state === 'recording')
    return (
      <div className={className} style={style} data-claimcheck-part="recorder">
        <RecorderBar recorder={recorder} labels={labels} onRecorded={(file) => composer.add([file])} />
      </div>
    );
  return (
    <form className={className} style={style} data-claimcheck-part="composer" {...composer.formProps}>
      {composer.files.length > 0 && (
        <ul data-claimcheck-part="chosen">
          {composer.files.map((chosen) => (
            <ChosenItem key={chosen.key} chosen={chosen} labels={labels} onRemove={composer.remove} />
          ))}
        </ul>
      )}
      <label htmlFor={`${id}file`}>{labels.addFiles}</label>{' '}
      <input id={`${id}file`} type="file" multiple {...composer.inputProps} />
      <textarea
        aria-label={words}
        placeholder={words}
        rows={1}
        dir="auto"
        value={composer.text}
        onChange={({ target }) => composer.setText(target.value)}
        onKeyDown={sendOnEnter}
      />
      {recorder.isPossible && (
        <button type="button" onClick={() => void recorder.start()}>
          {labels.record}
        </button>
      )}
      <button type="submit" disabled={!composer.canSend}>
        {labels.send}
      </button>
      {recorder.state === 'refused' && <p role="alert">{labels.refused}</p>}
    </form>
  );
};

interface ChosenItemProps {
  chosen: ChosenFile;
  labels: ComposerLabels;
  onRemove: (key: string) => void;
}

const PREVIEW: CSSProperties = { width: '4rem', height: '4rem', objectFit: 'cover' };

const ChosenItem = ({ chosen: { key, file }, labels, onRemove }: ChosenItemProps) => {
  const url = useObjectUrl(file.type.startsWith('image/') ? file : undefined);
  return (
    <li>
      {url !== undefined && <img src={url} alt="" style={PREVIEW} />} <span dir="auto">{file.name}</span>{' '}
      <button type="button" aria-label={`${labels.remove} ${file.name}`} onClick={() => onRemove(key)}>
        {labels.remove}
      </button>
    </li>
  );
};

interface RecorderBarProps {
  recorder: UsedRecorder;
  labels: ComposerLabels;
  onRecorded: (file: File) => void;
}

const RecorderBar = ({ recorder, labels, onRecorded }: RecorderBarProps) => {
  const stop = async () => {
    const file = await recorder.stop();
    if (file) onRecorded(file);
  };
  return (
    <>
      <Waveform peaks={recorder.levels} played={1} />
      <span>{Math.floor(recorder.seconds)} s</span>{' '}
      <button type="button" onClick={recorder.cancel}>
        {labels.discard}
      </button>{' '}
      <button type="button" onClick={() => void stop()}>
        {labels.stop}
      </button>
    </>
  );
};
