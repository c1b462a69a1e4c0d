import { type UsedComposer, useRecorder } from '@claimcheck/client/react';
import { type KeyboardEvent, useEffect, useId, useRef } from 'react';
import { Icon } from '../ui/icon.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { ChosenFiles } from './chosen-files.tsx';
import { RecordingBar } from './recording-bar.tsx';

interface ComposerProps {
  conversationId: string;
  composer: UsedComposer;
}

export const Composer = ({ composer }: ComposerProps) => {
  const { text, setText, files, canSend, send } = composer;
  const recorder = useRecorder();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // On a phone this would open the keyboard, over half of the conversation.
    if (matchMedia('(hover: hover)').matches) field.current?.focus();
  }, []);
  const textId = useId();
  const fileId = useId();
  const sendOnEnter = (event: KeyboardEvent) => {
    // Enter also ends the input of a Japanese or Chinese word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    if (canSend) send();
  };
  const words = files.length > 0 ? 'Caption' : 'Message';

  if (recorder.state === 'recording')
    return (
      <div className="composer">
        <RecordingBar recorder={recorder} onRecorded={(file) => composer.add([file])} />
      </div>
    );
  return (
    <form className="composer" {...composer.formProps}>
      {files.length > 0 && <ChosenFiles files={files} onRemove={composer.remove} />}
      {recorder.state === 'refused' && (
        <p role="alert" className="problem">
          The browser does not let this page use the microphone.
        </p>
      )}
      <div className="row">
        <input
          id={fileId}
          type="file"
          multiple
          className="visually-hidden"
          data-testid="composer-file"
          {...composer.inputProps}
        />
        <label htmlFor={fileId} className="icon-button" title="Add files">
          <Icon name="attach" />
          <span className="visually-hidden">Add files</span>
        </label>
        <label htmlFor={textId} className="visually-hidden">
          {words}
        </label>
        <textarea
          ref={field}
          id={textId}
          data-testid="composer-text"
          rows={1}
          dir="auto"
          value={text}
          placeholder={words}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={sendOnEnter}
        />
        {canSend || !recorder.isPossible ? (
          <button
            type="submit"
            className="icon-button primary"
            data-testid="composer-send"
            disabled={!canSend}
            aria-label="Send"
            title="Send"
          >
            <Icon name="send" />
          </button>
        ) : (
          <IconButton
            icon="microphone"
            label="Record a voice message"
            data-testid="composer-record"
            onClick={() => void recorder.start()}
          />
        )}
      </div>
    </form>
  );
};
