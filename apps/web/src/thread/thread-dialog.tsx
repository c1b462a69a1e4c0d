import type { Message, Messages } from '@claimcheck/client';
import { Gallery } from '../gallery/gallery.tsx';
import { galleryEntries } from '../gallery/gallery-entries.ts';
import { DeleteModal } from './delete-modal.tsx';
import { ForwardModal } from './forward-modal.tsx';

export interface ShownDialog {
  kind: 'view' | 'forward' | 'remove';
  message: Message;
}

interface ThreadDialogProps {
  dialog: ShownDialog;
  messages: Messages;
  onChange: (dialog: ShownDialog | undefined) => void;
}

export const ThreadDialog = ({ dialog: { kind, message }, messages, onChange }: ThreadDialogProps) => {
  const close = () => onChange(undefined);
  switch (kind) {
    case 'forward':
      return <ForwardModal message={message} onClose={close} />;
    case 'remove':
      return <DeleteModal message={message} onClose={close} />;
    case 'view':
      return (
        <Gallery
          entries={galleryEntries(messages)}
          messageId={message.message_id}
          onShow={(next) => onChange({ kind, message: next })}
          onClose={close}
        />
      );
  }
};
