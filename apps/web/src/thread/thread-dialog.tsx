import type { Message, Messages } from '@claimcheck/client';
import { Gallery } from '../gallery/gallery.tsx';
import { entryKey, galleryEntries } from '../gallery/gallery-entries.ts';
import { DeleteModal } from './delete-modal.tsx';
import { ForwardModal } from './forward-modal.tsx';

export type ShownDialog = { message: Message } & (
  | { kind: 'forward' | 'remove' }
  | { kind: 'view'; mediaId: string }
);

interface ThreadDialogProps {
  dialog: ShownDialog;
  messages: Messages;
  onChange: (dialog: ShownDialog | undefined) => void;
}

export const ThreadDialog = ({ dialog, messages, onChange }: ThreadDialogProps) => {
  const { message } = dialog;
  const close = () => onChange(undefined);
  switch (dialog.kind) {
    case 'forward':
      return <ForwardModal message={message} onClose={close} />;
    case 'remove':
      return <DeleteModal message={message} onClose={close} />;
    case 'view':
      return (
        <Gallery
          entries={galleryEntries(messages)}
          shown={entryKey(message, dialog.mediaId)}
          onShow={(next) => onChange({ kind: 'view', message: next.message, mediaId: next.mediaId })}
          onClose={close}
        />
      );
  }
};
