import {
  type ChangeEvent,
  type ClipboardEvent,
  type FormEvent,
  type KeyboardEvent,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import { useChat } from '../chat/chat-context.ts';
import { Icon } from '../ui/icon.tsx';

interface ComposerProps {
  conversationId: string;
  onFiles: (files: Iterable<File>) => void;
}

export const Composer = ({ conversationId, onFiles }: ComposerProps) => {
  const { chat } = useChat();
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // On a phone this would bring up the keyboard, over half of the conversation.
    if (matchMedia('(hover: hover)').matches) field.current?.focus();
  }, []);
  const textId = useId();
  const fileId = useId();

  const send = () => {
    const body = text.trim();
    if (body === '') return;
    chat.sendText(conversationId, body);
    setText('');
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const sendOnEnter = (event: KeyboardEvent) => {
    // Enter also ends the input of a Japanese or Chinese word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const pasteFiles = (event: ClipboardEvent) => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    onFiles(event.clipboardData.files);
  };
  const chooseFiles = (event: ChangeEvent<HTMLInputElement>) => {
    onFiles([...(event.target.files ?? [])]);
    // So that the same file can be chosen again.
    event.target.value = '';
  };

  return (
    <form className="composer" onSubmit={submit}>
      <div className="row">
        <input
          id={fileId}
          type="file"
          multiple
          className="visually-hidden"
          data-testid="composer-file"
          onChange={chooseFiles}
        />
        <label htmlFor={fileId} className="icon-button" title="Add files">
          <Icon name="attach" />
          <span className="visually-hidden">Add files</span>
        </label>
        <label htmlFor={textId} className="visually-hidden">
          Message
        </label>
        <textarea
          ref={field}
          id={textId}
          data-testid="composer-text"
          rows={1}
          value={text}
          placeholder="Message"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={sendOnEnter}
          onPaste={pasteFiles}
        />
        <button
          type="submit"
          className="icon-button primary"
          data-testid="composer-send"
          disabled={text.trim() === ''}
          aria-label="Send"
          title="Send"
        >
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
};
