import { type ChangeEvent, type ClipboardEvent, type DragEvent, type FormEvent, useState } from 'react';
import type { OutgoingMessage } from '../messages/outgoing-message.ts';
import { useClient } from './claimcheck-provider.tsx';

/** A file that the user chose. Its upload starts with `send`. */
export interface ChosenFile {
  /** Identifies it among the chosen files. */
  key: string;
  file: File;
}

/** A message that the composer sent, with the files of its uploads, in order. */
export interface SentMessage {
  message: OutgoingMessage;
  files: readonly File[];
}

export interface UsedComposer {
  text: string;
  setText: (text: string) => void;
  /** Files to show, with the text as their caption, until they are sent. */
  files: readonly ChosenFile[];
  add: (files: Iterable<File>) => void;
  remove: (key: string) => void;
  /** Sends the files as one message, of more than 10 several, the text with the first, and empties the composer. */
  send: () => readonly SentMessage[];
  canSend: boolean;
  /** Props for an `<input type="file" multiple>`. */
  inputProps: { onChange: (event: ChangeEvent<HTMLInputElement>) => void };
  /** Props for the `<form>`: it sends, and accepts dropped and pasted files. */
  formProps: {
    onSubmit: (event: FormEvent) => void;
    onPaste: (event: ClipboardEvent) => void;
    onDrop: (event: DragEvent) => void;
    onDragOver: (event: DragEvent) => void;
  };
}

interface ComposerOptions {
  /** Called with each message that was sent. */
  onSent?: ((sent: readonly SentMessage[]) => void) | undefined;
}

/** The most files of one message. */
const MOST_FILES = 10;

/** The state of a composer without markup: chosen files with a caption, text, paste and drop. */
export const useComposer = (conversationId: string, { onSent }: ComposerOptions = {}): UsedComposer => {
  const client = useClient();
  const [text, setText] = useState('');
  const [files, setFiles] = useState<readonly ChosenFile[]>([]);
  const canSend = files.length > 0 || text.trim() !== '';

  const add = (chosen: Iterable<File>) => {
    // Copied at once: resetting the input empties its list of files.
    const more = Array.from(chosen, (file) => ({ key: crypto.randomUUID(), file }));
    setFiles((before) => [...before, ...more]);
  };
  const remove = (key: string) => setFiles((before) => before.filter((file) => file.key !== key));
  const send = () => {
    const body = text.trim() === '' ? undefined : text.trim();
    const count = Math.max(1, Math.ceil(files.length / MOST_FILES));
    const sent = Array.from({ length: count }, (_, index) => {
      const chosen = files.slice(index * MOST_FILES, (index + 1) * MOST_FILES).map(({ file }) => file);
      const attachments = chosen.map((file) => ({ media: client.upload(file, { conversationId }) }));
      const message = client.messages.send(conversationId, {
        text: index === 0 ? body : undefined,
        attachments: attachments.length > 0 ? attachments : undefined,
      });
      return { message, files: chosen };
    });
    setText('');
    setFiles([]);
    onSent?.(sent);
    return sent;
  };

  return {
    text,
    setText,
    files,
    add,
    remove,
    send,
    canSend,
    inputProps: {
      onChange: ({ target }) => {
        add(target.files ?? []);
        // Lets the user choose the same file again.
        target.value = '';
      },
    },
    formProps: {
      onSubmit: (event) => {
        event.preventDefault();
        if (canSend) send();
      },
      onPaste: (event) => {
        if (event.clipboardData.files.length === 0) return;
        event.preventDefault();
        add(event.clipboardData.files);
      },
      onDrop: (event) => {
        if (event.dataTransfer.files.length === 0) return;
        event.preventDefault();
        add(event.dataTransfer.files);
      },
      onDragOver: (event) => {
        if (event.dataTransfer.types.includes('Files')) event.preventDefault();
      },
    },
  };
};
