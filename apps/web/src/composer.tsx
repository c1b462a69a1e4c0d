import {
  type ChangeEvent,
  type ClipboardEvent,
  type FormEvent,
  type KeyboardEvent,
  useId,
  useState,
} from 'react';
import { useChat } from './chat-context.ts';
import { wordsOfError } from './words-of-error.ts';

interface ComposerProps {
  conversationId: string;
  onFiles: (files: Iterable<File>) => void;
}

export const Composer = ({ conversationId, onFiles }: ComposerProps) => {
  const { text, setText, problem, send } = useDraft(conversationId);
  const textId = useId();
  const fileId = useId();

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send();
  };
  const sendOnEnter = (event: KeyboardEvent) => {
    // Enter also ends the input of a Japanese or Chinese word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
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
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      <div className="row">
        <input
          id={fileId}
          type="file"
          multiple
          className="visually-hidden"
          data-testid="composer-file"
          onChange={chooseFiles}
        />
        <label htmlFor={fileId} className="button">
          Add files
        </label>
        <label htmlFor={textId} className="visually-hidden">
          Message
        </label>
        <textarea
          id={textId}
          data-testid="composer-text"
          rows={1}
          value={text}
          placeholder="Message"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={sendOnEnter}
          onPaste={pasteFiles}
        />
        <button type="submit" className="primary" data-testid="composer-send" disabled={text.trim() === ''}>
          Send
        </button>
      </div>
    </form>
  );
};

/** A text that could not be sent comes back, unless another was begun meanwhile. */
const useDraft = (conversationId: string) => {
  const { chat } = useChat();
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const send = async () => {
    const body = text.trim();
    if (body === '') return;
    setText('');
    setProblem(undefined);
    try {
      await chat.sendText(conversationId, body);
    } catch (error) {
      setProblem(`Not sent: ${wordsOfError(error)}`);
      setText((current) => current || body);
    }
  };
  return { text, setText, problem, send };
};
